"""Losses, against numpy and scikit-image."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from host.metrics import ssim
from host.spec.catalogue import LOSSES as NAMES
from host.spec.types import LossTerm
from host.training.losses import LOSSES, loss_parts

RNG = np.random.default_rng(4)
IMAGE = RNG.integers(0, 256, (3, 16, 14, 3), dtype=np.uint8)
RECONSTRUCTION = (IMAGE / 255 + RNG.normal(0, 0.1, IMAGE.shape)).astype(np.float32)
PIXELS = np.rint(np.clip(RECONSTRUCTION, 0, 1) * 255).astype(np.uint8)
REAL = (IMAGE / 255).astype(np.float32)


def value(name: str, **arguments: Any) -> float:
    return float(LOSSES[name](REAL, RECONSTRUCTION, **arguments))


def test_every_loss_that_a_spec_may_name_is_there() -> None:
    assert set(LOSSES) == set(NAMES)


@pytest.mark.parametrize(("name", "power"), [("mse", 2), ("mae", 1)])
def test_losses_are_means_over_all_samples(name: str, power: int) -> None:
    assert value(name) == pytest.approx(np.mean(np.abs(REAL - RECONSTRUCTION) ** power), rel=1e-5)


@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
def test_ssim_l1_is_the_ssim_that_evaluation_reports_and_the_absolute_error(alpha: float) -> None:
    structure = 1 - np.mean([ssim(*each) for each in zip(IMAGE, PIXELS)])
    found = float(LOSSES["ssim_l1"](REAL, PIXELS / np.float32(255), alpha=alpha))
    expected = alpha * structure + (1 - alpha) * np.mean(np.abs(REAL - PIXELS / 255))
    assert found == pytest.approx(expected, abs=2e-5)


def test_ms_ssim_is_tensorflows() -> None:
    smooth = tf.image.resize(RNG.random((2, 12, 12, 3)), (180, 176)).numpy().astype(np.float32)
    noisy = np.clip(smooth + RNG.normal(0, 0.1, smooth.shape), 0, 1).astype(np.float32)
    expected = 1 - tf.reduce_mean(tf.image.ssim_multiscale(smooth, noisy, 1.0)).numpy()
    assert 0.01 < expected < 0.9
    assert float(LOSSES["ms_ssim"](smooth, noisy)) == pytest.approx(expected, abs=1e-4)


def test_ms_ssim_of_opposite_pictures_still_has_a_gradient() -> None:
    image = tf.constant(RNG.random((1, 176, 176, 1)), tf.float32)
    with tf.GradientTape() as tape:
        opposite = tf.Variable(1 - image)
        loss = LOSSES["ms_ssim"](image, opposite)
    assert np.isfinite(tape.gradient(loss, opposite).numpy()).all()


def test_the_parts_of_a_sum_come_with_it_and_without_their_weights() -> None:
    parts = loss_parts([LossTerm("mse", 2.0), LossTerm("ssim_l1", 0.5, {"alpha": 0.8})], REAL, RECONSTRUCTION)
    assert set(parts) == {"loss", "mse", "ssim_l1"}
    assert float(parts["mse"]) == pytest.approx(value("mse"))
    assert float(parts["loss"]) == pytest.approx(2 * value("mse") + 0.5 * value("ssim_l1", alpha=0.8), rel=1e-5)
    assert set(loss_parts([LossTerm("mse")], REAL, RECONSTRUCTION)) == {"loss"}


def test_rate_and_distortion_are_in_bits_per_pixel() -> None:
    term = LossTerm("rate_distortion", 2.0, {"lmbda": 0.01})
    parts = loss_parts([term], REAL, RECONSTRUCTION, bpp=tf.constant(0.7))
    distortion = 0.01 * 255**2 * value("mse")
    assert float(parts["loss"]) == pytest.approx(2 * (distortion + 0.7), rel=1e-5)
    assert float(parts["estimated_bpp"]) == pytest.approx(0.7)
    assert float(loss_parts([term], REAL, RECONSTRUCTION)["loss"]) == pytest.approx(2 * distortion, rel=1e-5)
