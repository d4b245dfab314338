"""Mixed precision: it computes in bfloat16, trains, resumes, and what it leaves is float32."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras

from host.api import train
from host.networks.builder import build
from host.tasks import open_spec
from host.tasks.compression import stages
from host.training import loop
from host.training.work import Work


def prepare(tiny: dict[str, Any], models: Path, mixed: bool) -> Path:
    tiny["training"]["mixed_precision"] = mixed
    (models / "tiny").mkdir(parents=True)
    (models / "tiny" / "spec.json").write_text(json.dumps(tiny))
    return models


def history(record: dict[str, Any]) -> list[tuple[float, float]]:
    return [(row["loss"], row["validation_loss"]) for row in record["stages"]["float"]["history"]]


def test_it_trains_resumes_and_leaves_float32(
    tiny: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    original = stages.fit

    def fit(work: Work, *arguments: Any) -> Any:
        seen.append({layer.compute_dtype for layer in work.models["encoder"].layers[1:]})
        return original(work, *arguments)

    monkeypatch.setattr(stages, "fit", fit)
    plain = history(train(prepare(tiny, tmp_path / "plain", False) / "tiny", stages=["float"]))
    mixed = history(train(prepare(tiny, tmp_path / "mixed", True) / "tiny", stages=["float"]))
    assert seen == [{"float32"}, {"bfloat16"}]
    assert keras.mixed_precision.global_policy().name == "float32"
    assert mixed != plain
    assert mixed[-1][1] < mixed[0][1]
    np.testing.assert_allclose(mixed, plain, rtol=0.1)

    with h5py.File(tmp_path / "mixed" / "tiny" / "float.weights.h5") as file:
        assert {entry.dtype for half in file.values() for entry in half.values()} == {np.dtype("float32")}
    encoder, decoder = build(open_spec("tiny", tmp_path / "mixed")[1])
    assert {variable.dtype for variable in encoder.weights + decoder.weights} == {tf.float32}

    save = loop._save_state

    def save_and_stop(*arguments: Any) -> None:
        save(*arguments)
        raise KeyboardInterrupt

    models = prepare(tiny, tmp_path / "stopped", True)
    with monkeypatch.context() as patched:
        patched.setattr(loop, "_save_state", save_and_stop)
        with pytest.raises(KeyboardInterrupt):
            train(models / "tiny", stages=["float"])
    assert history(train(models / "tiny", stages=["float"], resume=True)) == mixed
