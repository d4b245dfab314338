"""The rate in the loss: near the entropy of the codes, and training lowers it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from device.outputs.codes import LatentGrid
from host.data import load
from host.networks.builder import build, initialize
from host.networks.grid import entropy_bits
from host.spec.types import StageSpec
from host.tasks.compression.work import autoencoder_work, make_prior, make_rate
from host.training import loop
from host.training.distributed import Session
from host.training.loop import fit
from host.training.work import Work

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
    noise = np.random.default_rng(1).random(latents.shape, np.float32) - np.float32(0.5)
    found = float(make_rate(prior, GRID, pixels=64)(tf.constant(latents), tf.constant(noise)))
    rounded = float(make_rate(prior, GRID, pixels=64)(tf.constant(latents), None))
    entropy = entropy_bits(np.rint(codes).astype(int)) * 48 / 64
    assert entropy * 0.98 < found < entropy * 1.1
    assert found == pytest.approx(rounded, rel=0.02)


def test_training_for_the_rate_lowers_it_and_resumes_with_its_noise(
    tiny: dict[str, Any], parse: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny["training"]["loss"] = {"rate_distortion": {"lmbda": 0.00003}}
    spec = parse(tiny)
    stage, data = StageSpec("float", "float", 8, 5e-3, steps=12), load(spec.data)

    def make() -> Work:
        encoder, decoder = build(spec)
        initialize(spec, encoder, decoder, data.sample.images)
        grid = LatentGrid(*encoder.output_shape[1:], spec.options.scale, 0)
        return autoencoder_work(spec, stage, "float", encoder, decoder, grid, data, seed=1)

    work = make()
    before = work.validate()
    result = fit(work, stage, tmp_path / "straight", Session())
    row = result["history"][-1]
    assert row["validation_parts"]["estimated_bpp"] < 0.9 * before["estimated_bpp"]
    assert row["validation_loss"] < before["loss"]
    assert row["loss"] == pytest.approx(row["parts"]["rate_distortion"] + row["parts"]["estimated_bpp"], rel=1e-4)

    def progress(steps: Iterable[int], **_: Any) -> Iterator[int]:
        for step in steps:
            if step == 7:
                os.kill(os.getpid(), signal.SIGTERM)
            yield step

    with monkeypatch.context() as patched:
        patched.setattr(loop, "tqdm", progress)
        with pytest.raises(KeyboardInterrupt):
            fit(make(), stage, tmp_path / "broken", Session())
    resumed = make()
    fit(resumed, stage, tmp_path / "broken", Session(resume=True))
    for name, model in work.models.items():
        for one, other in zip(model.get_weights(), resumed.models[name].get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)
