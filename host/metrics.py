"""Quality and rate of reconstructions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from skimage.metrics import mean_squared_error, structural_similarity


@dataclass(frozen=True)
class Metric:
    """A number that judges a row: what tables, plots, training logs and sentences need to know of it.

    Attributes:
        key: of JSON, with its unit where it has one, such as "psnr_db".
        title, unit: of a table's column; the unit may be "".
        digits: after the decimal point.
        higher_is_better: which way is up.
    """

    key: str
    title: str
    unit: str
    digits: int
    higher_is_better: bool

    def text(self, value: float) -> str:
        """The value with its digits and unit, such as "30.71 dB"."""
        return f"{value:.{self.digits}f} {self.unit}".rstrip()


PSNR = Metric("psnr_db", "PSNR", "dB", 2, True)
SSIM = Metric("ssim", "SSIM", "", 4, True)
BPP = Metric("bpp", "bpp", "", 3, False)

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
