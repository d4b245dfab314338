"""Quality and rate of reconstructions."""

from __future__ import annotations

import numpy as np
from skimage.metrics import mean_squared_error, structural_similarity

WINDOW = 11  # SSIM's, in pixels: images must have sides of as many


def psnr_db(original: np.ndarray, reconstruction: np.ndarray) -> float | None:
    """PSNR of one uint8 image in dB, data range 255; None for a perfect one."""
    error = float(mean_squared_error(original, reconstruction))
    return None if error == 0 else float(10 * np.log10(255**2 / error))


def ssim(original: np.ndarray, reconstruction: np.ndarray) -> float:
    """SSIM of one uint8 image (height, width, channels); Wang et al. 2004, Gaussian window of sigma 1.5."""
    return float(
        structural_similarity(
            original,
            reconstruction,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            data_range=255,
            channel_axis=-1,
        )
    )


def quality(originals: np.ndarray, reconstructions: np.ndarray) -> dict[str, float | int]:
    """Means over images of the per-image values.

    Args:
        originals, reconstructions: uint8 (count, height, width, channels), 0..255.

    Returns:
        {"psnr_db", "ssim"}; where images are perfect, "perfect_images" counts them and the PSNR is of the others.
    """
    values = [psnr_db(*pair) for pair in zip(originals, reconstructions, strict=True)]
    finite = [value for value in values if value is not None]
    found: dict[str, float | int] = {
        "ssim": float(np.mean([ssim(*pair) for pair in zip(originals, reconstructions, strict=True)]))
    }
    if finite:
        found["psnr_db"] = float(np.mean(finite))
    if len(finite) < len(values):
        found["perfect_images"] = len(values) - len(finite)
    return found


def bits_per_pixel(mean_bytes: float, shape: tuple[int, ...]) -> float:
    """Mean bytes of an image (height, width, channels), header included, as bits per pixel."""
    return 8 * mean_bytes / (shape[0] * shape[1])
