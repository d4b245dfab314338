"""JPEG and WebP beside a codec in training: the rate that each needs for the same PSNR, for each image."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from host.curves.image_codecs import IMAGE_CODECS, ImageCodec, as_picture, decode_image
from host.metrics import bits_per_pixel, psnr_db

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
    """The curve of an image, uint8 (height, width, 3), in a codec of ANCHORS; without settings that lose nothing."""
    picture, points = as_picture(image), []
    for setting in ANCHORS[codec].settings:
        data = ANCHORS[codec].encode(picture, setting)
        psnr = psnr_db(image, decode_image(data))
        if psnr is not None:
            points.append((psnr, bits_per_pixel(len(data), image.shape)))
    return Curve(*np.array(sorted(points)).T)


def psnr(image: np.ndarray, restored: np.ndarray) -> float:
    """PSNR in dB of two uint8 images, data range 255; 99 where they are equal."""
    found = psnr_db(image, restored)
    return 99.0 if found is None else found
