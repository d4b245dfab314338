"""The stages: they learn, leave weights that load, and go on where they were interrupted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from host.data.photographs import load_photographs

from host.errors import ModelError
from host.networks.weights import load_weights
from host.spec.types import StageSpec
from host.tasks.codec.int8 import Int8Encoder, convert_encoder
from host.tasks.codec.networks import build_codec
from host.tasks.codec.task import load_codec_spec
from host.tasks.codec.training import learning_rate, quality_weights
from host.tasks.codec.tuning import _Loop as TuneLoop
from host.training.stages import train


@pytest.fixture
def models(tmp_path: Path, tiny_codec: dict[str, Any]) -> Path:
    folder = tmp_path / "models"
    (folder / "tiny").mkdir(parents=True)
    (folder / "tiny" / "spec.json").write_text(json.dumps(tiny_codec))
    return folder


def _change(models: Path, **stage: Any) -> None:
    file = models / "tiny" / "spec.json"
    value = json.loads(file.read_text())
    value["training"]["float"].update(stage)
    file.write_text(json.dumps(value))


def test_both_stages_leave_what_they_say(models: Path, data: Path) -> None:
    record = train("tiny", data_dir=data, models=models)
    folder = models / "tiny"
    spec = load_codec_spec("tiny", models)
    load_weights(folder / "float.weights.h5", build_codec(spec).models)
    stage = record["stages"]["float"]
    assert stage["epochs"] == 2 and stage["spec_sha256"] == spec.digest
    assert "qualities" not in stage["history"][0]
    rows = stage["history"][1]["qualities"]
    assert rows[0]["estimated_bpp"] < rows[1]["estimated_bpp"] and rows[0]["psnr_db"] < rows[1]["psnr_db"]
    assert rows[0]["jpeg_bpp"] > 0 and rows[0]["saturated"] == 0
    tuned = record["stages"]["tune"]
    assert tuned["kept"] == (tuned["history"][-1]["validation_loss"] < tuned["validation_loss_before"])
    assert (folder / "decoder.int8.weights.h5").is_file() == tuned["kept"]
    assert json.loads((folder / "training.json").read_text()) == json.loads(json.dumps(record))


def test_both_stages_move_the_weights(models: Path, data: Path) -> None:
    """Not by a rate that stays at what the optimizer was made with: the first steps are the warm-up's."""
    spec = load_codec_spec("tiny", models)
    train("tiny", ("float",), data_dir=data, models=models)
    codec = build_codec(spec)
    load_weights(models / "tiny" / "float.weights.h5", codec.models)
    before = codec.decoder.get_layer("residual").get_weights()[0]
    assert np.abs(before).max() > 0, "the stage float left its start"
    photographs = load_photographs(data, spec.validation, 22)
    encoder = Int8Encoder(convert_encoder(codec, 4, 4), spec)
    loop = TuneLoop(spec, codec, codec, encoder, models / "tune", False)
    loop.epoch(photographs, 1)
    moved = np.abs(codec.decoder.get_layer("residual").get_weights()[0] - before).max()
    assert 0 < moved < 8 * spec.tune.learning_rate * 8 / 200 * 5


def test_a_longer_training_goes_on_from_the_checkpoint(models: Path, data: Path) -> None:
    train("tiny", ("float",), data_dir=data, models=models)
    _change(models, epochs=3)
    history = train("tiny", ("float",), resume=True, data_dir=data, models=models)["stages"]["float"]["history"]
    assert [row["epoch"] for row in history] == [1, 2, 3]


def test_a_finished_stage_is_not_trained_again(models: Path, data: Path) -> None:
    train("tiny", ("float",), data_dir=data, models=models)
    file = models / "tiny" / "spec.json"
    value = json.loads(file.read_text())
    value["training"]["tune"]["epochs"] = 3
    file.write_text(json.dumps(value))
    (models / "tiny" / "float.weights.h5").unlink()
    train("tiny", ("float",), resume=True, data_dir=data, models=models)
    assert not (models / "tiny" / "float.weights.h5").exists()


def test_checkpoints_of_another_network_are_refused(models: Path, data: Path, tiny_codec: dict[str, Any]) -> None:
    train("tiny", ("float",), data_dir=data, models=models)
    tiny_codec["qualities"][1]["step"] = 0.8
    (models / "tiny" / "spec.json").write_text(json.dumps(tiny_codec))
    with pytest.raises(ModelError, match="checkpoints of another spec"):
        train("tiny", ("float",), resume=True, data_dir=data, models=models)


def test_the_learning_rate_warms_up_holds_and_falls() -> None:
    stage = StageSpec(10, 1000, 1e-3, 1)
    assert learning_rate(stage, 0) == pytest.approx(1e-3 / 200)
    assert learning_rate(stage, 5999) == pytest.approx(1e-3)
    assert learning_rate(stage, 8000) == pytest.approx(0.5e-3)
    assert learning_rate(stage, 9999) == pytest.approx(2e-5)


def test_a_percent_of_rate_counts_about_alike_at_every_quality() -> None:
    spec = load_codec_spec("photo")
    weights = quality_weights(spec)
    assert np.all(np.diff(weights) < 0)
    assert weights[0] / weights[-1] == pytest.approx((spec.qualities[-1].lmbda / spec.qualities[0].lmbda) ** 0.6)
