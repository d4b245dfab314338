"""MS-SSIM: what its definition says of simple images, and another computation of it."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.data
from scipy.signal import convolve2d

from host.curves.ms_ssim import WEIGHTS, ms_ssim
from host.errors import CurveError

CAT = skimage.data.cat()[:192, 100:320]
RNG = np.random.default_rng(4)
NOISE = RNG.normal(size=CAT.shape)


def noisy(deviation: float) -> np.ndarray:
    return np.clip(np.rint(CAT + deviation * NOISE), 0, 255).astype(np.uint8)


def plainly(one: np.ndarray, other: np.ndarray) -> float:
    """Of one channel, as the paper writes it, with the 2-D window and full variances."""
    place = np.arange(11) - 5
    window = np.exp(-np.add.outer(place**2, place**2) / (2 * 1.5**2))
    window /= window.sum()

    def mean(image: np.ndarray) -> np.ndarray:
        return convolve2d(image, window, mode="valid")

    product, one, other = 1.0, one.astype(float), other.astype(float)
    for scale, weight in enumerate((0.0448, 0.2856, 0.3001, 0.2363, 0.1333)):
        mx, my = mean(one), mean(other)
        vx, vy, vxy = mean(one * one) - mx * mx, mean(other * other) - my * my, mean(one * other) - mx * my
        term = (2 * vxy + 58.5225) / (vx + vy + 58.5225)
        if scale == 4:
            term = term * (2 * mx * my + 6.5025) / (mx * mx + my * my + 6.5025)
        product *= term.mean() ** weight
        height, width = one.shape
        one, other = (x.reshape(height // 2, 2, width // 2, 2).mean((1, 3)) if scale < 4 else x for x in (one, other))
    return product


def test_an_image_is_like_itself() -> None:
    assert ms_ssim(CAT, CAT) == pytest.approx(1, abs=1e-12)


def test_more_noise_is_less_like() -> None:
    values = [ms_ssim(CAT, noisy(deviation)) for deviation in (0, 2, 6, 15, 40, 90)]
    assert values == sorted(values, reverse=True) and len(set(values)) == len(values)
    assert 0 < values[-1] < 0.8


def test_it_is_the_papers_formula_by_channels() -> None:
    one, other = CAT[:192, :192], noisy(20)[:192, :192]
    expected = [plainly(one[..., channel], other[..., channel]) for channel in range(3)]
    assert max(expected) - min(expected) > 1e-4
    assert ms_ssim(one, other) == pytest.approx(np.mean(expected), abs=1e-9)


def test_each_channel_counts_a_third() -> None:
    other = CAT.copy()
    other[..., 1] = noisy(30)[..., 1]
    alone = ms_ssim(CAT[..., 1:2], other[..., 1:2])
    assert ms_ssim(CAT, other) == pytest.approx((2 + alone) / 3)


def test_of_flat_images_only_the_coarsest_luminance_is_left() -> None:
    one, other = np.full((176, 180, 3), 100, np.uint8), np.full((176, 180, 3), 150, np.uint8)
    c1 = (0.01 * 255) ** 2
    luminance = (2 * 100 * 150 + c1) / (100**2 + 150**2 + c1)
    assert ms_ssim(one, other) == pytest.approx(luminance ** WEIGHTS[-1])


def test_the_negative_is_not_like_it_at_all() -> None:
    assert ms_ssim(CAT, 255 - CAT) == 0


def test_odd_sides() -> None:
    assert 0.8 < ms_ssim(CAT[:191, :187], noisy(8)[:191, :187]) < 1


def test_small_images_are_refused() -> None:
    assert ms_ssim(CAT[:176, :176], CAT[:176, :176]) == pytest.approx(1)
    with pytest.raises(CurveError, match="175 x 220 pixels: MS-SSIM is only for sides of 176 pixels or more"):
        ms_ssim(CAT[:175], CAT[:175])
