"""JPEG and WebP beside a codec in training: what they need for the same PSNR, image by image."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from host.curves.image_codecs import IMAGE_CODECS, ImageCodec, decode_image

ANCHORS: dict[str, ImageCodec] = {
    "jpeg": replace(IMAGE_CODECS["jpeg"], settings=tuple(range(4, 97, 8))),
    "webp": replace(IMAGE_CODECS["webp"], settings=tuple(range(0, 100, 9))),
}


@dataclass(frozen=True)
class Curve:
    """Real file sizes of one image in one format: PSNR in dB, rising, and bits per pixel."""

    psnr_db: np.ndarray
    bpp: np.ndarray

    def bpp_at(self, psnr_db: float) -> float:
        """Bits per pixel at a PSNR, interpolated in the logarithm; the ends are kept outside the curve."""
        return float(np.exp(np.interp(psnr_db, self.psnr_db, np.log(self.bpp))))


def anchor_curve(image: np.ndarray, codec: str) -> Curve:
    """The curve of an image, uint8 (height, width, 3), in a codec of ANCHORS."""
    picture, points = Image.fromarray(image), []
    for setting in ANCHORS[codec].settings:
        data = ANCHORS[codec].encode(picture, setting)
        points.append((psnr(image, decode_image(data)), 8 * len(data) / (image.shape[0] * image.shape[1])))
    return Curve(*np.array(sorted(points)).T)


def psnr(image: np.ndarray, restored: np.ndarray) -> float:
    """PSNR in dB of two uint8 images, data range 255; 99 where they are equal."""
    squared = float(np.mean((image.astype(np.float64) - restored.astype(np.float64)) ** 2))
    return 10 * float(np.log10(255**2 / squared)) if squared else 99.0
