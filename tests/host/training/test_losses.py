"""Losses and the PSNR that training watches, against numpy."""

from __future__ import annotations

import numpy as np
import pytest

from host.evaluation.metrics import psnr_db
from host.spec import LOSSES as NAMES
from host.training.losses import LOSSES, mean_psnr

RNG = np.random.default_rng(4)
IMAGE = RNG.integers(0, 256, (3, 8, 8, 3), dtype=np.uint8)
RECONSTRUCTION = (IMAGE / 255 + RNG.normal(0, 0.1, IMAGE.shape)).astype(np.float32)
REAL = (IMAGE / 255).astype(np.float32)


def test_every_loss_that_a_spec_may_name_is_there() -> None:
    assert set(LOSSES) == set(NAMES)


@pytest.mark.parametrize(("name", "power"), [("mse", 2), ("mae", 1)])
def test_losses_are_means_over_all_samples(name: str, power: int) -> None:
    expected = np.mean(np.abs(REAL - RECONSTRUCTION) ** power)
    assert float(LOSSES[name](REAL, RECONSTRUCTION)) == pytest.approx(expected, rel=1e-5)


def test_the_monitor_is_the_psnr_that_evaluation_reports() -> None:
    pixels = np.rint(np.clip(RECONSTRUCTION, 0, 1) * 255).astype(np.uint8)
    expected = np.mean([psnr_db(*each) for each in zip(IMAGE, pixels)])
    assert float(mean_psnr(REAL, RECONSTRUCTION)) == pytest.approx(expected, abs=1e-3)


def test_a_perfect_image_keeps_the_monitor_finite() -> None:
    assert np.isfinite(mean_psnr(REAL, REAL))
