"""MS-SSIM, of RGB: each channel by itself, then the mean of the three.

Z. Wang, E. P. Simoncelli, A. C. Bovik, "Multi-scale structural similarity for image quality assessment" (2003):
contrast and structure at five scales, luminance at the coarsest, weighed by exponents; windows of 11 x 11, Gaussian of
sigma 1.5, only where they lie within the image; between scales the mean of 2 x 2 pixels. Published curves of learned
codecs take RGB by channels like this.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import correlate1d

from host.errors import CurveError

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
WINDOW = 11
SMALLEST = WINDOW << (len(WEIGHTS) - 1)  # 176: a window still fits at the coarsest scale
_SIGMA = 1.5
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def check_sides(shape: tuple[int, ...]) -> None:
    """Raises CurveError for an image (height, width, ...) that MS-SSIM cannot be computed of."""
    if min(shape[:2]) < SMALLEST:
        raise CurveError(
            f"image of {shape[0]} x {shape[1]} pixels: MS-SSIM is only for sides of {SMALLEST} pixels or more"
        )


def ms_ssim(original: np.ndarray, reconstruction: np.ndarray) -> float:
    """MS-SSIM of one image, at most 1: the mean over its channels. A scale with a negative mean counts as 0.

    Args:
        original, reconstruction: uint8 (height, width, channels), 0..255.

    Raises:
        CurveError: a side under 176 pixels.
    """
    check_sides(original.shape)
    one, other = (np.moveaxis(image, -1, 0).astype(np.float64) for image in (original, reconstruction))
    product = np.ones(len(one))
    for scale, weight in enumerate(WEIGHTS):
        last = scale == len(WEIGHTS) - 1
        similarity = _similarity(one, other, luminance=last)
        product *= np.maximum(similarity, 0) ** weight
        if not last:
            one, other = _halved(one), _halved(other)
    return float(product.mean())


def _similarity(one: np.ndarray, other: np.ndarray, *, luminance: bool) -> np.ndarray:
    """Mean of contrast and structure, and of luminance if wanted, per channel: float (channels,)."""
    mean_one, mean_other = _filtered(one), _filtered(other)
    product, squares = mean_one * mean_other, mean_one**2 + mean_other**2
    variances, covariance = _filtered(one**2 + other**2) - squares, _filtered(one * other) - product
    similarity = (2 * covariance + _C2) / (variances + _C2)
    if luminance:
        similarity *= (2 * product + _C1) / (squares + _C1)
    return similarity.mean((1, 2))


def _filtered(planes: np.ndarray) -> np.ndarray:
    """Gaussian means of planes (channels, height, width), where the whole window lies inside."""
    reach = WINDOW // 2
    window = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * _SIGMA**2))
    window /= window.sum()
    rows = correlate1d(planes, window, 1)[:, reach:-reach]
    return correlate1d(rows, window, 2)[:, :, reach:-reach]


def _halved(planes: np.ndarray) -> np.ndarray:
    """Means of 2 x 2 pixels; an odd last row or column is repeated."""
    even = np.pad(planes, [(0, 0), *((0, side % 2) for side in planes.shape[1:])], mode="edge")
    return (even[:, ::2, ::2] + even[:, 1::2, ::2] + even[:, ::2, 1::2] + even[:, 1::2, 1::2]) / 4
