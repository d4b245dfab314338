"""The image formats that stand beside ours, as Pillow offers them: an image to a whole file in memory, and back."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from PIL import Image


@dataclass(frozen=True)
class ImageCodec:
    """One format with its options.

    Attributes:
        form: Pillow's name of the format.
        library: Pillow's name of the library behind it, for its version.
        settings: from small files to large ones: what "quality" is set to, of JPEG 2000 the compression ratio.
        options: the others.
        words: what a table says of it.
        headerless: count only the entropy-coded bytes; headers that both sides can share are left out.
    """

    form: str
    library: str
    settings: tuple[int, ...]
    words: str
    options: dict[str, Any] = field(default_factory=dict)
    headerless: bool = False

    def encode(self, picture: Image.Image, setting: int) -> bytes:
        """A picture, RGB or grey, to a file's bytes."""
        chosen: dict[str, Any] = {"quality": setting}
        if self.form == "JPEG2000":
            chosen = {"quality_mode": "rates", "quality_layers": [setting]}
        buffer = io.BytesIO()
        options = {key: value for key, value in self.options.items() if key != "subsampling" or picture.mode != "L"}
        picture.save(buffer, self.form, **chosen, **options)
        return buffer.getvalue()

    def count(self, data: bytes) -> int:
        """Bytes of a file that `encode` made, as this codec counts them."""
        if not self.headerless:
            return len(data)
        return scan_bytes(data) if self.form == "JPEG" else len(data) - WEBP_HEADER_BYTES


def as_picture(image: np.ndarray) -> Image.Image:
    """Pillow's picture of an image, uint8 (height, width, 1 or 3)."""
    return Image.fromarray(image[..., 0] if image.shape[2] == 1 else image)


def decode_image(data: bytes, channels: int = 3) -> np.ndarray:
    """A file's bytes to uint8 (height, width, channels), of 1 or 3 channels."""
    with Image.open(io.BytesIO(data)) as opened:
        picture = opened.convert("L" if channels == 1 else "RGB")
    return np.asarray(picture).reshape(picture.height, picture.width, channels)


def lossless_webp(image: np.ndarray) -> bytes:
    """A file that browsers show and that holds every pixel of an image, uint8 (height, width, 1 or 3).

    WebP has no grey: such an image is decoded with three equal channels.
    """
    buffer = io.BytesIO()
    # Of photographs, the defaults (quality 80, method 4) take three times as long for files 1 % smaller.
    as_picture(image).save(buffer, "WEBP", lossless=True, quality=25, method=3)
    return buffer.getvalue()


def scan_bytes(data: bytes) -> int:
    """Bytes of a baseline JPEG's entropy-coded data: after the start-of-scan segment, before the end of the image."""
    start = data.index(b"\xff\xda")
    return len(data) - 2 - (start + 2 + int.from_bytes(data[start + 2 : start + 4], "big"))


def fitting_setting(size: Callable[[int], float], budget_bytes: float) -> int:
    """The largest setting whose size is within a budget; the lowest setting if none is.

    Args:
        size: a setting's bytes, which grow with it.
    """
    low, high = LOWEST, HIGHEST
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if size(middle) <= budget_bytes else (low, middle - 1)
    return low


LOWEST, HIGHEST = 1, 95  # Pillow's settings of JPEG and WebP; above 95 files grow and pictures hardly improve
# RIFF header and chunk header (20), VP8 frame tag, start code and dimensions (10): RFC 9649, RFC 6386 section 9.1.
WEBP_HEADER_BYTES = 30

_JPEG = (3, 5, 8, 12, 18, 26, 36, 48, 60, 70, 78, 85, 91)
_WEBP = (0, 3, 8, 15, 25, 38, 52, 65, 76, 83, 89, 93)

# JPEG 2000 is without the file format around its code stream. AVIF as Pillow makes it, which spends bits where the eye
# sees them, and "avif-psnr" tuned for the metric that is measured here.
IMAGE_CODECS: dict[str, ImageCodec] = {
    "jpeg": ImageCodec("JPEG", "libjpeg_turbo", _JPEG, "optimized, 4:2:0", {"optimize": True, "subsampling": "4:2:0"}),
    "jpeg-444": ImageCodec(
        "JPEG", "libjpeg_turbo", _JPEG, "optimized, 4:4:4", {"optimize": True, "subsampling": "4:4:4"}
    ),
    "webp": ImageCodec("WEBP", "webp", _WEBP, "method 6", {"method": 6}),
    "webp-m4": ImageCodec("WEBP", "webp", _WEBP, "method 4", {"method": 4}),
    "avif": ImageCodec(
        "AVIF",
        "avif",
        (4, 10, 18, 26, 34, 42, 50, 58, 66, 74, 82),
        "speed 6, 4:2:0",
        {"speed": 6, "subsampling": "4:2:0", "max_threads": 1},
    ),
    "avif-psnr": ImageCodec(
        "AVIF",
        "avif",
        (1, 7, 14, 22, 30, 38, 46, 54, 62, 70, 78),
        "speed 6, 4:4:4",
        {"speed": 6, "subsampling": "4:4:4", "max_threads": 1, "advanced": {"tune": "psnr"}},
    ),
    "jpeg2000": ImageCodec(
        "JPEG2000",
        "jpg_2000",
        (240, 160, 110, 80, 58, 42, 30, 22, 16, 11),
        "9/7 wavelet",
        {"irreversible": True, "mct": 1, "no_jp2": True},
    ),
}

# What stands beside every model of images: whole files, then what a stream would take whose tables and sizes both sides
# know, with the standard Huffman tables, since those of an image travel in its header.
BASELINES: dict[str, ImageCodec] = {
    "jpeg": IMAGE_CODECS["jpeg"],
    "webp": IMAGE_CODECS["webp"],
    "jpeg-headerless": replace(IMAGE_CODECS["jpeg"], options={"subsampling": "4:2:0"}, headerless=True),
    "webp-headerless": replace(IMAGE_CODECS["webp"], headerless=True),
}
