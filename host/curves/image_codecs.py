"""The codecs that stand beside ours, as Pillow offers them: an image to a whole file in memory, and back."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
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
    """

    form: str
    library: str
    settings: tuple[int, ...]
    words: str
    options: dict[str, Any] = field(default_factory=dict)

    def encode(self, picture: Image.Image, setting: int) -> bytes:
        """An RGB picture to a file's bytes."""
        chosen: dict[str, Any] = {"quality": setting}
        if self.form == "JPEG2000":
            chosen = {"quality_mode": "rates", "quality_layers": [setting]}
        buffer = io.BytesIO()
        picture.save(buffer, self.form, **chosen, **self.options)
        return buffer.getvalue()


def decode_image(data: bytes) -> np.ndarray:
    """A file's bytes to uint8 (height, width, 3)."""
    with Image.open(io.BytesIO(data)) as picture:
        return np.asarray(picture.convert("RGB"))


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
