"""Images from files that need no library: binary PPM and PGM, and .npy; others where Pillow happens to be there."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import numpy as np

from .errors import ImageError
from .quantization import Array

# Magic, width, height and highest value, with white space or comment lines between, one white space before the data.
_GAP = rb"(?:\s|#[^\n]*\n)+"
_HEADER = re.compile(rb"P([56])" + _GAP + rb"(\d+)" + _GAP + rb"(\d+)" + _GAP + rb"(\d+)\s")


def read_image(path: Path) -> Array:
    """Reads a .ppm (P6), .pgm (P5) or .npy; any other is left to Pillow, where that is installed, and read as RGB.

    Returns:
        uint8 (height, width, channels), 0..255.

    Raises:
        ImageError: unreadable, another format, or not 8 bits a sample.
    """
    path = Path(path)
    try:
        if path.suffix == ".npy":
            image: Array = np.load(path, allow_pickle=False)
        elif path.suffix in (".ppm", ".pgm"):
            image = parse_pnm(path.read_bytes(), path)
        elif importlib.util.find_spec("PIL") is not None:
            from PIL import Image

            with Image.open(path) as opened:
                image = np.asarray(opened.convert("RGB"))
        else:
            raise ImageError(f"{path}: reading it needs Pillow; convert it to .ppm, or: pip install pillow")
    except OSError as reason:
        raise ImageError(f"{path}: cannot be read ({reason.strerror or 'not an image'})") from None
    except (ValueError, EOFError) as reason:
        raise ImageError(f"{path}: not an .npy file ({reason})") from None
    if image.dtype != np.uint8 or image.ndim != 3:
        raise ImageError(f"{path}: {image.dtype} {image.shape}, expected uint8 (height, width, channels)")
    return image


def read_folder(folder: Path) -> dict[str, Array]:
    """The images of a folder by name, in the order of their names; hidden files are left out.

    Raises:
        ImageError: no such folder, nothing in it, a file that is no image, or images of several sizes.
    """
    folder = Path(folder)
    try:
        files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    except OSError as reason:
        raise ImageError(f"{folder}: cannot be read ({reason.strerror})") from None
    if not files:
        raise ImageError(f"{folder}: no images here")
    images = {path.name: read_image(path) for path in files}
    first = files[0].name
    for name, image in images.items():
        if image.shape != images[first].shape:
            raise ImageError(
                f"{folder / name}: {image.shape}, {first} is {images[first].shape}; an encoder takes one size"
            )
    return images


def parse_pnm(data: bytes, path: object) -> Array:
    """Content of a binary PPM or PGM file to uint8 (height, width, 3 or 1); raises ImageError."""
    header = _HEADER.match(data)
    if header is None:
        raise ImageError(f"{path}: not a binary PPM (P6) or PGM (P5) file")
    kind, width, height, highest = (int(group) for group in header.groups())
    shape = (height, width, 3 if kind == 6 else 1)
    count = shape[0] * shape[1] * shape[2]
    if highest != 255:
        raise ImageError(f"{path}: highest value {highest}, expected 255")
    if len(data) - header.end() < count:
        raise ImageError(f"{path}: truncated, {len(data) - header.end()} of {count} bytes")
    return np.frombuffer(data, np.uint8, count, header.end()).reshape(shape)
