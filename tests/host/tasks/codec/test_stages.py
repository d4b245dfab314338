"""The stages: they learn, leave weights that load, and go on where they were interrupted."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from host.api import train
from host.data import DataSet
from host.errors import ModelError
from host.networks.weights import load_weights
from host.tasks import open_spec
from host.tasks.codec.int8 import Int8Encoder, convert_encoder
from host.tasks.codec.networks import build_codec
from host.tasks.codec.tuning import decoder_work
from host.tasks.codec.work import quality_weights
from host.training import loop
from host.training.distributed import Session
from host.training.loop import fit


@pytest.fixture(autouse=True)
def small_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("host.tasks.codec.tables.SAMPLE_SHAPE", (64, 96))


@pytest.fixture
def tiny(tmp_path: Path, tiny_codec: dict[str, Any]) -> Path:
    """The folder of the tiny model."""
    folder = tmp_path / "models" / "tiny"
    folder.mkdir(parents=True)
    (folder / "spec.json").write_text(json.dumps(tiny_codec))
    return folder


def weights(folder: Path, name: str) -> list[np.ndarray]:
    models = build_codec(open_spec(folder)[1]).models
    models = models if name == "float" else {"decoder": models["decoder"]}
    load_weights(folder / f"{name}.weights.h5", models)
    return [array for model in models.values() for array in model.get_weights()]


def numbers(stage: dict[str, Any]) -> list[dict[str, Any]]:
    return [{key: value for key, value in row.items() if key != "seconds"} for row in stage["history"]]


def test_all_stages_leave_what_they_say(tiny: Path, data: Path, tmp_path: Path) -> None:
    record = train(tiny, data_dir=data, log_dir=tmp_path / "logs", verbose=0)
    assert list(record["stages"]) == ["float", "tables", "tune"]
    assert len(weights(tiny, "float")) > 10
    stage = record["stages"]["float"]
    assert stage["epochs"] == 2 and stage["spec_sha256"] == open_spec(tiny)[1].digest
    first, last = stage["history"]
    assert "validation_loss" not in first and set(first["parts"]) == {"estimated_bpp", "squared_error"}
    rows = last["qualities"]
    assert rows[0]["estimated_bpp"] < rows[1]["estimated_bpp"] and rows[0]["psnr_db"] < rows[1]["psnr_db"]
    assert rows[0]["saturated"] == 0 < rows[0]["latents"]
    assert last["validation"] == {
        key: pytest.approx(np.mean([row[key] for row in rows])) for key in ("psnr_db", "estimated_bpp")
    }
    tuned = record["stages"]["tune"]
    assert tuned["kept"] == (tuned["history"][-1]["validation_loss"] < tuned["validation_loss_before"])
    assert (tiny / "decoder.int8.weights.h5").is_file() == tuned["kept"]
    assert json.loads((tiny / "training.json").read_text()) == json.loads(json.dumps(record))

    found = EventAccumulator(str(tmp_path / "logs" / "tiny" / "float" / "validation"), size_guidance={"tensors": 0})
    found.Reload()
    assert {"loss", "psnr_db", "estimated_bpp", "original and reconstruction"} <= set(found.Tags()["tensors"])

    train(tiny, stages=["tune"], data_dir=data, verbose=0, overrides={"training.stages.tune.epochs": 1})
    with pytest.raises(ModelError, match=r"trained already; add --resume .* --stage NAME .* --overwrite"):
        train(tiny, data_dir=data)


def test_an_interrupted_training_ends_on_the_same_weights(
    tiny: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped by a signal in the middle of an epoch of both stages that train."""
    settings = {"training.stages.tune.learning_rate": 0.0003}
    record = train(tiny, data_dir=data, overrides=settings, verbose=0)
    names = ["float", *(["decoder.int8"] if record["stages"]["tune"]["kept"] else [])]
    expected = {name: weights(tiny, name) for name in names}
    for file in tiny.glob("*.weights.h5"):
        file.unlink()
    interrupted = []

    def progress(steps: Iterable[int], desc: str, **_: Any) -> Iterator[int]:
        for step in steps:
            if step == 5 and desc.split()[1] not in interrupted and desc.split()[2].startswith("2/"):
                interrupted.append(desc.split()[1])
                os.kill(os.getpid(), signal.SIGTERM)
            yield step

    monkeypatch.setattr(loop, "tqdm", progress)
    for resume in (False, True):
        with pytest.raises(KeyboardInterrupt):
            train(tiny, data_dir=data, overrides=settings, overwrite=True, resume=resume, verbose=0)
        state = json.loads((tiny / "checkpoints" / interrupted[-1] / "state.json").read_text())
        assert state["checkpoint"] == "epoch-2-6"
    again = train(tiny, data_dir=data, overrides=settings, resume=True, verbose=0)
    assert interrupted == ["float", "tune"]
    for stage in interrupted:
        assert numbers(again["stages"][stage]) == numbers(record["stages"][stage])
    for name, arrays in expected.items():
        for one, other in zip(arrays, weights(tiny, name), strict=True):
            np.testing.assert_array_equal(one, other)


def test_tuning_moves_the_decoder_and_not_by_its_full_rate_at_once(
    tiny: Path, data: Path, images: DataSet, tmp_path: Path
) -> None:
    """The rate is not what an optimizer is made with: the first steps are the warm-up's."""
    train(tiny, stages=["float"], data_dir=data, verbose=0)
    spec = open_spec(tiny)[1]
    trained, average = build_codec(spec), build_codec(spec)
    for codec in (trained, average):
        load_weights(tiny / "float.weights.h5", codec.models)
    before = trained.decoder.get_layer("residual").get_weights()[0]
    assert np.abs(before).max() > 0, "the stage float left its start"
    encoder = Int8Encoder(convert_encoder(trained, 4, 4), spec)
    stage = spec.training.stages["tune"]
    fit(decoder_work(trained, average, encoder, images, stage), stage, tmp_path / "tune", Session())
    moved = np.abs(trained.decoder.get_layer("residual").get_weights()[0] - before).max()
    steps = stage.epochs * (stage.steps or 0)
    assert 0 < moved < steps * stage.learning_rate * steps / 200 * 5
    assert 0 < np.abs(average.decoder.get_layer("residual").get_weights()[0] - before).max() < moved


def test_a_longer_training_goes_on_from_the_checkpoint(tiny: Path, data: Path) -> None:
    train(tiny, stages=["float"], data_dir=data, verbose=0)
    longer = {"training.stages.float.epochs": 3}
    record = train(tiny, stages=["float"], resume=True, overrides=longer, data_dir=data, verbose=0)
    assert [row["epoch"] for row in record["stages"]["float"]["history"]] == [1, 2, 3]
    assert record["overrides"] == longer


def test_a_finished_stage_is_not_trained_again(tiny: Path, data: Path) -> None:
    train(tiny, stages=["float"], data_dir=data, verbose=0)
    (tiny / "float.weights.h5").unlink()
    later = {"training.stages.tune.epochs": 3}
    train(tiny, stages=["float"], resume=True, overrides=later, data_dir=data, verbose=0)
    assert not (tiny / "float.weights.h5").exists()


def test_checkpoints_of_another_network_are_refused(tiny: Path, data: Path, tiny_codec: dict[str, Any]) -> None:
    train(tiny, stages=["float"], data_dir=data, verbose=0)
    tiny_codec["qualities"][1]["step"] = 0.8
    (tiny / "spec.json").write_text(json.dumps(tiny_codec))
    with pytest.raises(ModelError, match="checkpoints of another spec"):
        train(tiny, stages=["float"], resume=True, data_dir=data, verbose=0)


def test_a_percent_of_rate_counts_about_alike_at_every_quality() -> None:
    spec = open_spec("photo")[1]
    weights = quality_weights(spec)
    assert np.all(np.diff(weights) < 0)
    first, *_, last = (quality.lmbda for quality in spec.options.qualities)
    assert weights[0] / weights[-1] == pytest.approx((last / first) ** 0.6)
