"""What a network that makes pictures is validated by: the PSNR and the SSIM that evaluation reports."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from host.metrics import psnr_db, ssim
from host.spec.types import LossTerm
from host.training.pictures import picture_work

RNG = np.random.default_rng(4)
IMAGES = RNG.integers(0, 256, (300, 16, 14, 3), dtype=np.uint8)  # more than are validated at once
MADE = (IMAGES / 255 + RNG.normal(0, 0.1, IMAGES.shape)).astype(np.float32)
PIXELS = np.rint(np.clip(MADE, 0, 1) * 255).astype(np.uint8)


def validated(inputs: np.ndarray, targets: np.ndarray, forward: Any = lambda x: x) -> dict[str, Any]:
    """Of a network that only computes `forward`."""

    def run(values: Any, training: bool, noise: Any) -> Any:
        return forward(values), None

    return picture_work("m", {}, run, (LossTerm("mse"),), None, iter, 1, (inputs, targets), seed=1).validate()


def test_they_are_what_evaluation_reports() -> None:
    found = validated(MADE, IMAGES)
    assert found["psnr_db"] == pytest.approx(np.mean([psnr_db(*each) for each in zip(IMAGES, PIXELS)]), abs=1e-9)
    assert found["ssim"] == pytest.approx(np.mean([ssim(*each) for each in zip(IMAGES, PIXELS)]), abs=2e-5)
    assert found["loss"] == pytest.approx(np.mean((MADE - IMAGES / 255) ** 2), rel=1e-5)


def test_images_are_read_as_0_to_1_and_latents_as_they_are() -> None:
    white, latents = np.full((32, 12, 12, 1), 255, np.uint8), np.full((32, 12, 12, 1), 3.0, np.float32)
    assert validated(latents, white, lambda x: x / 3)["loss"] == pytest.approx(0, abs=1e-12)
    assert validated(white, white)["loss"] == 0


def test_perfect_pictures_are_left_out_of_the_mean() -> None:
    white = np.full((32, 12, 12, 1), 255, np.uint8)
    assert "psnr_db" not in validated(white, white)
    targets = np.concatenate([white, white - np.uint8(1)])
    assert validated(targets, targets, tf.ones_like)["psnr_db"] == pytest.approx(20 * np.log10(255))


def test_small_pictures_have_no_ssim() -> None:
    assert set(validated(MADE[:, :8], IMAGES[:, :8])) == {"loss", "psnr_db"}
