"""The one reader and writer of pictures: binary PPM and PGM and .npy need no library, others Pillow, where that is
installed.

What a picture becomes is uint8 (height, width, channels), grey or RGB. Samples of 16 bits are scaled to 8. By Pillow,
an orientation in EXIF data is applied, transparent parts are laid on white, and other colour modes become RGB; a line
says so for these two.
"""

from __future__ import annotations

import importlib.util
import io
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .colour import luma
from .errors import ImageError, one_line
from .files import read_bytes, write_bytes
from .quantization import Array, parse_array

Say = Callable[[str], None]
_LUMA = "BT.601, 16 to 235"
# Magic, width, height and highest value, with white space or comment lines between, one white space before the data.
_GAP = rb"(?:\s|#[^\n]*\n)+"
_HEADER = re.compile(rb"P([56])" + _GAP + rb"(\d{1,9})" + _GAP + rb"(\d{1,9})" + _GAP + rb"(\d{1,9})\s")


def say_on_stderr(line: str) -> None:
    """What readers do with their remarks if nothing else is said."""
    print(line, file=sys.stderr)


def read_image(path: Path, channels: int | None = None, say: Say = say_on_stderr, as_luma: bool = False) -> Array:
    """Reads a picture as uint8 (height, width, channels), 0..255; raises ImageError in one line.

    Args:
        path: .ppm (P6), .pgm (P5) or .npy of uint8; any other is left to Pillow.
        channels: 3 makes grey pictures RGB, and another number than the picture's is an error; None takes any.
        say: is given a line where something was converted.
        as_luma: makes one channel of RGB and of grey, the luma of `colour.luma`; see `Bundle.reads_luma`.
    """
    path = Path(path)
    if path.suffix == ".npy":
        image = parse_array(read_bytes(path, ImageError), path, ImageError)
    elif path.suffix in (".ppm", ".pgm"):
        image = parse_pnm(read_bytes(path, ImageError), path)
    elif importlib.util.find_spec("PIL") is None:
        raise ImageError(f"{path}: reading it needs Pillow; convert it to .ppm, or: pip install pillow")
    else:
        image = _by_pillow(path, say)
    if image.dtype != np.uint8 or image.ndim != 3 or min(image.shape) < 1:
        raise ImageError(f"{path}: {image.dtype} {image.shape}, expected uint8 (height, width, channels)")
    if as_luma:
        say(f"{path}: the network takes its luma alone ({_LUMA})")
        return _luma_of(image, path)
    found = image.shape[2]
    if channels and found not in (1, channels):
        raise ImageError(
            f"{path}: {_in_words(found)}, expected {_in_words(channels)}; convert it first, or choose another bundle"
        )
    return np.repeat(image, channels, axis=2) if channels and found == 1 else image


def write_image(path: Path, image: Array) -> None:
    """Writes a picture, uint8 (height, width, 3 or 1), by the name's suffix; raises ImageError in one line."""
    path = Path(path)
    if path.suffix == ".npy":
        buffer = io.BytesIO()
        np.save(buffer, image, allow_pickle=False)
        data = buffer.getvalue()
    elif path.suffix in (".ppm", ".pgm"):
        height, width, channels = image.shape
        _check_pnm(path, channels)
        data = f"P{6 if channels == 3 else 5}\n{width} {height}\n255\n".encode() + image.tobytes()
    else:
        data = _with_pillow(path, image, image.shape)
    try:
        write_bytes(path, data)
    except OSError as reason:
        raise ImageError(f"{path}: cannot be written ({reason.strerror})") from None


def check_name(path: Path, shape: tuple[int, int, int]) -> None:
    """Raises ImageError where a file of this name cannot hold a picture of this shape, before there is one."""
    height, width, channels = shape
    if path.suffix in (".ppm", ".pgm"):
        _check_pnm(path, channels)
    elif path.suffix != ".npy":
        # Only its writer knows which sides and channels a kind of file takes; a column and a row are soon written.
        for sides in ((height, 1), (1, width)):
            _with_pillow(path, np.zeros((*sides, channels), np.uint8), shape)


def read_folder(
    folder: Path, channels: int | None = None, say: Say = say_on_stderr, as_luma: bool = False
) -> dict[str, Array]:
    """The images of a folder by name, sorted, without hidden files; see `read_image`; raises ImageError for none."""
    try:
        files = sorted(path for path in Path(folder).iterdir() if path.is_file() and not path.name.startswith("."))
    except OSError as reason:
        raise ImageError(f"{folder}: cannot be read ({reason.strerror})") from None
    if not files:
        raise ImageError(f"{folder}: no images here")
    if as_luma:
        say(f"{folder}: the network takes the luma of these pictures alone ({_LUMA})")
        return {path.name: _luma_of(read_image(path, None, say), path) for path in files}
    return {path.name: read_image(path, channels, say) for path in files}


def parse_pnm(data: bytes, path: object) -> Array:
    """Content of a binary PPM or PGM file to uint8 (height, width, 3 or 1); raises ImageError."""
    header = _HEADER.match(data)
    if header is None:
        raise ImageError(f"{path}: not a binary PPM (P6) or PGM (P5) file")
    kind, width, height, highest = (int(group) for group in header.groups())
    shape = (height, width, 3 if kind == 6 else 1)
    if not 0 < highest < 1 << 16:
        raise ImageError(f"{path}: highest value {highest}, expected 1 to 65535")
    dtype = np.dtype(np.uint8 if highest < 256 else ">u2")
    count = height * width * shape[2]
    if len(data) - header.end() < count * dtype.itemsize:
        raise ImageError(f"{path}: truncated, {len(data) - header.end()} of {count * dtype.itemsize} bytes")
    return _scaled(np.frombuffer(data, dtype, count, header.end()).reshape(shape), highest)


def from_pillow(picture: Any, what: object, say: Say = say_on_stderr) -> Array:
    """A Pillow image as `read_image` returns it; `what` names it in messages; raises ImageError."""
    from PIL import ImageOps

    picture = ImageOps.exif_transpose(picture)
    mode = picture.mode
    if mode.startswith("I"):  # 16 bits, in several ways
        samples = np.asarray(picture)
        if samples.size and not 0 <= int(samples.min()) <= int(samples.max()) < 1 << 16:
            raise ImageError(f"{what}: samples of 32 bits; convert it to 8 or 16 bits")
        return _scaled(samples[..., None], 65535)
    if mode == "F":
        raise ImageError(f"{what}: floating-point samples; convert it to 8 or 16 bits")
    if mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in picture.info:
        with_alpha = np.asarray(picture.convert("RGBA"))
        colours, alpha = with_alpha[..., :3], with_alpha[..., 3:].astype(np.uint32)
        if alpha.size and alpha.min() < 255:
            say(f"{what}: transparent parts are laid on white")
            colours = ((colours * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)
        return colours[..., :1] if mode in ("L", "LA", "La") else colours
    if mode not in ("1", "L", "P", "RGB"):
        say(f"{what}: converted from {mode} to RGB, without a colour profile")
    pixels = np.asarray(picture.convert("L" if mode in ("1", "L") else "RGB"))
    return pixels[..., None] if pixels.ndim == 2 else pixels


def _by_pillow(path: Path, say: Say) -> Array:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as opened:
            return from_pillow(opened, path, say)
    except ImageError:
        raise
    except Exception as reason:  # whatever its many parsers raise
        detail = reason.strerror if isinstance(reason, OSError) and reason.strerror else one_line(reason, 100)
        if isinstance(reason, UnidentifiedImageError):  # says no more than the path
            detail = "no kind of picture that Pillow knows"
        raise ImageError(f"{path}: cannot be read ({detail})") from None


def _luma_of(image: Array, path: Path) -> Array:
    if image.shape[2] not in (1, 3):
        raise ImageError(f"{path}: {_in_words(image.shape[2])}, expected RGB or grey; convert it first")
    return luma(image)


def _in_words(channels: int) -> str:
    return {1: "grey (1 channel)", 3: "RGB (3 channels)"}.get(channels, f"{channels} channels")


def _check_pnm(path: Path, channels: int) -> None:
    if (path.suffix == ".ppm") != (channels == 3):
        named = path.with_suffix(".ppm" if channels == 3 else ".pgm").name
        raise ImageError(f"{path}: the picture has {channels} channels; name the file {named}")


def _with_pillow(path: Path, image: Array, shape: tuple[int, ...]) -> bytes:
    """The content of a file; `shape` is that of the picture, of which the image may be a part."""
    if importlib.util.find_spec("PIL") is None:
        raise ImageError(f"{path}: writing it needs Pillow; name it .ppm, .pgm or .npy, or: pip install pillow")
    from PIL import Image

    form = Image.registered_extensions().get(path.suffix.lower())
    if form is None or form not in Image.SAVE:
        raise ImageError(f"{path}: no kind of picture file ends so; name it .png, .ppm, .pgm or .npy")
    buffer = io.BytesIO()
    try:
        Image.fromarray(image[..., 0] if image.shape[2] == 1 else image).save(buffer, form)
    except Exception as reason:  # whatever its many writers raise
        raise ImageError(
            f"{path}: a picture of shape {shape} cannot be written as {form} ({one_line(reason, 100)});"
            " name it .png, .ppm, .pgm or .npy"
        ) from None
    return buffer.getvalue()


def _scaled(samples: Array, highest: int) -> Array:
    if highest == 255 and samples.dtype == np.uint8:
        return samples
    wide = samples.astype(np.uint32)
    return np.minimum((wide * 255 + highest // 2) // highest, 255).astype(np.uint8)
