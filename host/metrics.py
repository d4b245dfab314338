"""The numbers that judge: what a metric is, and those of pictures. There is one PSNR and one SSIM in this project."""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np


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
PICTURES = (PSNR, SSIM, BPP)  # of every task that makes pictures; the rate is not judged but counted

FLOAT32_LATENT = "float32_latent"  # of Row.ratios, as are "nominal" and "actual"
IMAGE_RATIOS = (FLOAT32_LATENT, "nominal", "actual")

WINDOW = 11  # SSIM's, in pixels: images with a shorter side have no SSIM


def psnr_db(original: np.ndarray, reconstruction: np.ndarray) -> float | None:
    """PSNR of one uint8 image in dB, data range 255; None for a perfect one."""
    error = float(np.mean((original.astype(np.float64) - reconstruction.astype(np.float64)) ** 2))
    return None if error == 0 else float(10 * np.log10(255**2 / error))


def ssim(original: np.ndarray, reconstruction: np.ndarray) -> float:
    """SSIM of one uint8 image (height, width, channels); Wang et al. 2004, Gaussian window of sigma 1.5."""
    from skimage.metrics import structural_similarity  # its import takes longer than all others here together

    return float(
        structural_similarity(  # type: ignore[no-untyped-call]
            original,
            reconstruction,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            data_range=255,
            channel_axis=-1,
        )
    )


def judge_picture(original: np.ndarray, made: np.ndarray) -> dict[str, float | None]:
    """PSNR and SSIM of one picture by their keys.

    Args:
        original, made: uint8 (height, width, channels), 0..255.

    Returns:
        The PSNR is None for a perfect picture. The SSIM is absent where a side is shorter than its window.
    """
    found = {PSNR.key: psnr_db(original, made)}
    return found | {SSIM.key: ssim(original, made)} if min(original.shape[:2]) >= WINDOW else found


def means(values: Sequence[Mapping[str, float | None]]) -> tuple[dict[str, float], int]:
    """Means over images by key, and how many images are perfect: their value is None and is not in the mean.

    A key that some image lacks has no mean.
    """
    shared = [key for key in (values[0] if values else ()) if all(key in each for each in values)]
    found = {key: [value for each in values if (value := each[key]) is not None] for key in shared}
    return {key: float(np.mean(each)) for key, each in found.items() if each}, sum(None in v.values() for v in values)


def words(metrics: Sequence[Metric], values: Mapping[str, float | None]) -> str:
    """One image's values in the order of the metrics, such as "PSNR 30.71 dB, SSIM 0.9464"."""
    known = [metric for metric in metrics if metric.key in values]
    return ", ".join(
        f"{metric.title} {metric.text(value)}"
        if (value := values[metric.key]) is not None
        else f"{metric.title} without limit (no difference)"
        for metric in known
    )


def only(metrics: Sequence[Metric], values: Mapping[str, float | None]) -> dict[str, float | None]:
    """Of one image's values those that are metrics."""
    return {metric.key: values[metric.key] for metric in metrics if metric.key in values}


def gzip_bytes(data: bytes) -> int:
    """The size of a file compressed by gzip at its highest level."""
    return len(gzip.compress(data, 9))


def bits_per_pixel(mean_bytes: float, shape: tuple[int, ...]) -> float:
    """Mean bytes of an image (height, width, channels), header included, as bits per pixel."""
    return 8 * mean_bytes / (shape[0] * shape[1])


def mean_bpp(counts: Sequence[int], shapes: Sequence[tuple[int, ...]]) -> float:
    """Bits per pixel, the mean over images of several bytes and shapes (height, width, channels)."""
    if len({shape[:2] for shape in shapes}) == 1:
        return bits_per_pixel(float(np.mean(counts)), shapes[0])
    return float(np.mean([bits_per_pixel(count, shape) for count, shape in zip(counts, shapes, strict=True)]))


def ratio(shapes: Sequence[tuple[int, ...]], mean_bytes: float) -> float:
    """Compression ratio: mean bytes of images (height, width, channels) as 8-bit samples, over `mean_bytes`."""
    return float(np.mean([np.prod(shape) for shape in shapes]) / mean_bytes)


def latent_ratios(shapes: Sequence[tuple[int, ...]], mean_codes: float) -> dict[str, float]:
    """Compression ratios of a latent without entropy coding, by their keys in `Row.ratios`.

    Args:
        shapes: of the images, (height, width, channels).
        mean_codes: values of an image's latent.

    Returns:
        "float32_latent" with 4 bytes a value, "nominal" with a code of 1 byte a value.
    """
    return {FLOAT32_LATENT: ratio(shapes, 4 * mean_codes), "nominal": ratio(shapes, mean_codes)}
