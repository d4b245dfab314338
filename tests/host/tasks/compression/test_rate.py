"""The rate in the loss: near the entropy of the codes, and training lowers it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras

from device.outputs.codes import LatentGrid
from host.data import Images
from host.networks.builder import build, initialize
from host.networks.grid import entropy_bits
from host.spec.types import StageSpec
from host.tasks.compression.rate import make_prior, make_rate
from host.tasks.compression.stages import float_task
from host.training.loop import fit, validate

GRID = LatentGrid(4, 4, 3, 0.5, 0)


class _Known:
    """An encoder whose latents are given."""

    def __init__(self, latents: np.ndarray) -> None:
        self.latents = latents

    def __call__(self, images: np.ndarray, **_: Any) -> np.ndarray:
        return self.latents[: len(images)]


def test_the_estimate_is_near_the_entropy_of_the_codes() -> None:
    codes = np.random.default_rng(0).normal(0, [2.0, 8.0, 20.0], (400, 4, 4, 3)).astype(np.float32)
    latents = codes * np.float32(GRID.scale)
    prior = make_prior(_Known(latents), GRID, np.zeros((400, 8, 8, 1), np.uint8))
    found = float(make_rate(prior, GRID, pixels=64)(tf.constant(latents)))
    entropy = entropy_bits(np.rint(codes).astype(int)) * 48 / 64
    assert entropy * 0.98 < found < entropy * 1.1


def test_training_for_the_rate_lowers_it(tiny: dict[str, Any], parse: Any, photos: np.ndarray, tmp_path: Path) -> None:
    tiny["training"]["loss"] = {"rate_distortion": {"lmbda": 0.00003}}
    spec = parse(tiny)
    encoder, decoder = build(spec)
    initialize(spec, encoder, decoder, photos)
    grid = LatentGrid(*encoder.output_shape[1:], spec.options.scale, 0)
    images = Images(photos[:400], photos[400:], photos[400:], "")
    task = float_task(spec, "float", encoder, decoder, grid, images)
    keras.utils.set_random_seed(1)
    before = validate(task, spec.training.terms)
    result = fit(task, spec.training.terms, StageSpec(8, 5e-3, 10), 32, 1, tmp_path, False)
    row = result["history"][-1]
    assert row["validation_parts"]["estimated_bpp"] < 0.9 * before["estimated_bpp"]
    assert row["validation_loss"] < before["loss"]
    assert row["loss"] == pytest.approx(row["parts"]["rate_distortion"] + row["parts"]["estimated_bpp"], rel=1e-4)
