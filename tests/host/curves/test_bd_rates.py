"""One codec against many: of means, by image, by either quality; what cannot be compared is said."""

from __future__ import annotations

import numpy as np
import pytest

from host.curves.bd_rate import bd_rates

RATES = np.array([0.1, 0.2, 0.4, 0.8])
EASY = np.column_stack([RATES, [30, 33, 36, 39], [0.9, 0.94, 0.97, 0.99]])
OURS = np.stack([EASY, EASY * [2, 1, 1]])


def test_half_the_rate() -> None:
    found = bd_rates(OURS, {"twice": OURS * [2, 1, 1]}, {"paper": (OURS * [4, 1, 1]).mean(0)})
    assert found["bd_rate_percent"] == {"twice": pytest.approx(-50), "paper": pytest.approx(-75)}
    assert found["bd_rate_ms_ssim_percent"] == {"twice": pytest.approx(-50), "paper": pytest.approx(-75)}
    assert found["bd_rate_by_image_percent"] == {"twice": pytest.approx(-50)}
    assert found["bd_rate_missing"] == {}


def test_the_mean_of_the_images_is_not_the_mean_curves() -> None:
    other = OURS.copy()
    other[0, :, 0] *= 4  # the cheap image, of which the mean curve holds a third
    found = bd_rates(OURS, {"other": other}, {})
    assert found["bd_rate_by_image_percent"]["other"] == pytest.approx((-75 + 0) / 2)
    assert found["bd_rate_percent"]["other"] == pytest.approx(-50)


def test_a_quality_of_its_own() -> None:
    other = OURS.copy()
    other[..., 2] = 1 - (1 - other[..., 2]) * 10**-0.4  # 4 dB better
    found = bd_rates(OURS, {"other": other}, {})
    assert found["bd_rate_percent"]["other"] == pytest.approx(0, abs=1e-9)
    assert found["bd_rate_ms_ssim_percent"]["other"] > 20


def test_what_cannot_be_compared_is_absent_and_said() -> None:
    no_psnr = OURS.mean(0) * [1, np.nan, 1]
    found = bd_rates(OURS, {"far": OURS + [0, 20, 0]}, {"trained for another": no_psnr})
    assert found["bd_rate_percent"] == {} and set(found["bd_rate_ms_ssim_percent"]) == {"far", "trained for another"}
    assert list(found["bd_rate_missing"]) == ["far"] and "no common range" in found["bd_rate_missing"]["far"]
