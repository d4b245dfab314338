"""JPEG at the bytes of a bitstream."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from host.curves.image_codecs import IMAGE_CODECS, as_picture, decode_image, fitting_setting, scan_bytes


@dataclass(frozen=True)
class Jpeg:
    """One JPEG file.

    Attributes:
        pixels: what it decodes to, uint8 (height, width, channels).
        header_bytes: what is not entropy-coded data: tables, sizes and markers.
        fits: whether the file is no larger than the budget.
    """

    pixels: np.ndarray
    quality: int
    file_bytes: int
    header_bytes: int
    fits: bool


def jpeg_at(image: np.ndarray, budget_bytes: int) -> Jpeg:
    """The JPEG nearest to a budget and not above it; of the lowest quality where even that is larger.

    Args:
        image: uint8 (height, width, 1 or 3), 0..255.
        budget_bytes: of the whole file.
    """
    codec, picture = IMAGE_CODECS["jpeg"], as_picture(image)
    quality = fitting_setting(lambda setting: len(codec.encode(picture, setting)), budget_bytes)
    data = codec.encode(picture, quality)
    pixels = decode_image(data, image.shape[2])
    return Jpeg(pixels, quality, len(data), len(data) - scan_bytes(data), len(data) <= budget_bytes)
