"""BD-rate: cases that can be computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from host.curves.bd_rate import bd_rate_percent, ms_ssim_db
from host.errors import CurveError

CURVE = np.array([[0.12, 26.9], [0.19, 28.2], [0.29, 29.6], [0.44, 31.3], [0.65, 33.0], [0.97, 35.4]])


def scaled(factor: float) -> np.ndarray:
    return CURVE * [factor, 1]


def straight(begin: float, end: float, qualities: tuple[float, ...], slope: float) -> np.ndarray:
    """A curve whose logarithm of the rate rises by `slope` each dB from `begin`; PCHIP keeps straight lines."""
    quality = np.array([each for each in qualities if begin <= each <= end])
    return np.column_stack([np.exp(slope * (quality - begin)), quality])


@pytest.mark.parametrize(("factor", "percent"), [(0.5, -50), (1, 0), (2, 100), (0.9, -10)])
def test_a_factor_on_the_rate_is_the_bd_rate(factor: float, percent: float) -> None:
    assert bd_rate_percent(scaled(factor), CURVE) == pytest.approx(percent, abs=1e-9)


def test_the_order_of_the_points_does_not_matter() -> None:
    assert bd_rate_percent(scaled(0.5)[::-1], CURVE[[2, 0, 1, 5, 4, 3]]) == pytest.approx(-50)


def test_the_other_way_round_it_is_the_inverse() -> None:
    other = np.column_stack([CURVE[:, 0] ** 1.1, CURVE[:, 1] + 0.4])
    there, back = bd_rate_percent(CURVE, other), bd_rate_percent(other, CURVE)
    assert (1 + there / 100) * (1 + back / 100) == pytest.approx(1)
    assert there > 5


def test_a_better_quality_at_equal_rates_is_a_lower_rate() -> None:
    every = tuple(range(20, 50))
    first = straight(20, 40, every, 0.2)
    assert bd_rate_percent(first + [0, 1], first) == pytest.approx(100 * np.expm1(-0.2))


def test_the_mean_is_of_logarithms_over_the_common_range_alone() -> None:
    # ln rate: 0.3 q against 0.1 q over 0..10; common is 2..10, where the mean difference is 0.2 * 6.
    steep = np.array([[1, 0], [np.exp(1.5), 5], [np.exp(3), 10]])
    flat = np.array([[np.exp(0.2), 2], [np.exp(0.9), 9], [np.exp(5), 50]])
    assert bd_rate_percent(steep, flat) == pytest.approx(100 * np.expm1(1.2))


def test_between_the_points_nothing_swings() -> None:
    # One step in an otherwise level curve: a cubic polynomial through these would overshoot below the first rate.
    step = np.array([[1, 0], [1.0001, 1], [1.0002, 2], [4, 3], [4.0001, 4], [4.0002, 5]])
    level = np.array([[1.0, 0], [1.0000001, 5]])
    share = np.log1p(bd_rate_percent(step, level) / 100) / np.log(4)
    assert share == pytest.approx(2.5 / 5, abs=0.001)


@pytest.mark.parametrize(
    ("curve", "words"),
    [
        (CURVE + [0, 20], "no common range: 46.90 to 55.40 dB and 26.90 to 35.40 dB"),
        (CURVE + [0, 8.5], "no common range"),
        (CURVE[:1], "curve of 1 points"),
        (CURVE - [0.12, 0], "from rate 0;"),
        (CURVE[:, ::1] * [1, -1], "quality does not rise with the rate: -26.900 dB at 0.1200"),
        (np.vstack([CURVE, [1.2, 35.4]]), "35.400 dB at 1.2000; leave such points out"),
    ],
)
def test_curves_that_cannot_be_compared_are_named(curve: np.ndarray, words: str) -> None:
    with pytest.raises(CurveError, match=words):
        bd_rate_percent(curve, CURVE)


def test_ms_ssim_in_db() -> None:
    assert ms_ssim_db(0.9) == pytest.approx(10)
    assert ms_ssim_db(np.array([0.0, 0.99])) == pytest.approx([0, 20])
