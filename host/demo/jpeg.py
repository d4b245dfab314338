"""JPEG at the bytes of a bitstream."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from host.evaluation.baselines import jpeg_scan_bytes

_LOWEST, _HIGHEST = 1, 95  # Pillow's; above 95 files grow and pictures hardly improve


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
    low, high, best = _LOWEST, _HIGHEST, _file(image, _LOWEST)
    quality = _LOWEST
    while low < high:  # sizes grow with the quality
        middle = (low + high + 1) // 2
        file = _file(image, middle)
        if len(file) <= budget_bytes:
            low, quality, best = middle, middle, file
        else:
            high = middle - 1
    pixels = np.asarray(Image.open(io.BytesIO(best))).reshape(image.shape)
    return Jpeg(pixels, quality, len(best), len(best) - jpeg_scan_bytes(best), len(best) <= budget_bytes)


def _file(image: np.ndarray, quality: int) -> bytes:
    buffer = io.BytesIO()
    picture = Image.fromarray(image[..., 0] if image.shape[2] == 1 else image)
    picture.save(buffer, "JPEG", quality=quality, optimize=True)
    return buffer.getvalue()
