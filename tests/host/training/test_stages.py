"""Training, whole: what it says, what it starts from, what it refuses."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from device.bundle import read_bundle
from device.files import sha256_bytes
from host.api import export, train
from host.cli import main
from host.data import DataSet
from host.errors import ModelError
from host.spec.model_folder import ModelFolder
from host.spec.types import StageSpec
from host.tasks import open_spec
from host.training.distributed import Session
from host.training.stages import StageKind
from host.training.stages import train as run_stages

Start = Callable[..., Path]


@pytest.fixture
def start(tiny: dict[str, Any], tmp_path: Path) -> Start:
    """Writes the tiny spec, of one epoch, as a model of a name; returns models/."""

    def write(name: str = "tiny", **training: Any) -> Path:
        (tmp_path / name).mkdir()
        stages = {**tiny["training"]["stages"], "float": {"epochs": 1}}
        spec = {**tiny, "training": {**tiny["training"], "stages": stages, **training}}
        (tmp_path / name / "spec.json").write_text(json.dumps(spec))
        return tmp_path

    return write


def run(models: Path, *arguments: object) -> Result:
    words = ["train", "tiny", "--stage", "float", "--models", models, *arguments]
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.mark.parametrize(("verbose", "lines", "rows"), [(0, 0, 0), (1, 2, 3), (2, 2, 3)])
def test_how_much_is_said(verbose: int, lines: int, rows: int, start: Start) -> None:
    result = run(start(), "--verbose", verbose, "--epochs", 2)
    assert result.exit_code == 0, result.output
    said = [line for line in result.stderr.splitlines() if line.startswith("tiny float ")]
    assert len(said) == lines
    assert len(result.stdout.splitlines()) == rows
    if not verbose:
        assert result.output == ""


def test_an_error_is_said_at_every_level(start: Start) -> None:
    result = run(start(), "--verbose", 0, "--set", "training.optimizer=adm")
    assert (result.exit_code, result.output.count("\n")) == (1, 1)
    assert "did you mean adam?" in result.output


def test_the_seed_is_an_override_and_changes_what_is_drawn(start: Start) -> None:
    models = start()
    losses = []
    for seed in (4, 4, 5):
        assert run(models, "--verbose", 0, "--seed", seed).exit_code == 0
        record = json.loads((models / "tiny" / "training.json").read_text())
        assert (record["seed"], record["overrides"]) == (seed, {"training.seed": seed})
        losses.append(record["stages"]["float"]["history"][0]["loss"])
    assert losses[0] == losses[1] != losses[2]


def test_it_starts_from_another_models_weights(start: Start, trained: Path) -> None:
    models = start()
    shutil.copytree(trained / "tiny", models / "other")
    weights = models / "other" / "float.weights.h5"
    fresh = train(models / "tiny", stages=["float"], verbose=0)["stages"]["float"]["history"][0]
    for given in ("other", weights):
        stage = train(models / "tiny", stages=["float"], start_from=given, verbose=0)["stages"]["float"]
        assert stage["history"][0]["loss"] < fresh["loss"]
        assert stage["started_from"]["sha256"] == sha256_bytes(weights.read_bytes())
        assert stage["started_from"]["training"]["history"]
    with pytest.raises(ModelError, match=r"^nosuch: neither a weights file nor a model .* available: other, tiny$"):
        train(models / "tiny", stages=["float"], start_from="nosuch")
    spec = json.loads((models / "tiny" / "spec.json").read_text())
    spec["encoder"][1]["filters"] = 9
    (models / "tiny" / "spec.json").write_text(json.dumps(spec))
    with pytest.raises(ModelError, match=r"float\.weights\.h5: weights of another network"):
        train(models / "tiny", stages=["float"], start_from="other")


def test_a_model_without_the_later_stages_trains_and_exports(start: Start, tmp_path: Path) -> None:
    models = start(stages={"float": {"epochs": 1}, "tables": {}})
    first = run(models, "--verbose", 1)
    assert first.stdout.splitlines()[-1].endswith(" train tiny --resume")  # the tables are missing
    result = CliRunner().invoke(main, ["train", "tiny", "--models", str(models), "--resume"])
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1].endswith(" export tiny")
    folder = models / "tiny"
    assert list(json.loads((folder / "training.json").read_text())["stages"]) == ["float", "tables"]
    assert not (folder / "qat.weights.h5").exists() and not list(folder.glob("decoder.*"))
    assert export(folder, bundles=tmp_path / "bundles", build=tmp_path / "build") == tmp_path / "bundles" / "tiny"
    variants = set(read_bundle(tmp_path / "bundles" / "tiny").variants)
    assert {"float32", "int8"} <= variants and "int8_qat" not in variants


def test_a_trained_model_is_not_overwritten_silently(start: Start) -> None:
    models = start()
    assert run(models, "--verbose", 0).exit_code == 0
    weights = models / "tiny" / "float.weights.h5"
    before = weights.read_bytes()
    result = CliRunner().invoke(main, ["train", "tiny", "--models", str(models)])
    assert (result.exit_code, result.output.count("\n")) == (1, 1)
    for cure in ("--resume", "--stage", "--overwrite"):
        assert cure in result.output
    assert weights.read_bytes() == before
    assert run(models, "--verbose", 0, "--stage", "nosuch").output.endswith("available: float, qat, tables, tune\n")


def test_a_stage_that_is_trained_again_makes_the_later_ones_undone(start: Start) -> None:
    models, ran = start(), []

    def noted(model: ModelFolder, data: DataSet, stage: StageSpec, session: Session) -> dict[str, Any]:
        ran.append(stage.name)
        (model.checkpoints / f"{stage.name}.part").mkdir(parents=True, exist_ok=True)
        return {}

    def go(*stages: str, resume: bool = True, **overrides: int) -> list[str]:
        ran.clear()
        changed = {f"training.stages.{name}.epochs": epochs for name, epochs in overrides.items()}
        task, spec = open_spec("tiny", models, changed)
        kinds = SimpleNamespace(stages=dict.fromkeys(task.stages, StageKind(noted)))
        record = run_stages(kinds, spec, stages or None, resume=resume, overrides=changed, verbose=0)
        assert record == json.loads((models / "tiny" / "training.json").read_text())
        assert set(record["stages"]) == {path.stem for path in (models / "tiny" / "checkpoints").iterdir()}
        return list(record["stages"])

    everything = ["float", "qat", "tables", "tune"]
    assert go(resume=False) == ran == everything
    assert go() == everything and not ran
    assert go("qat", resume=False) == ["float", "qat"] and ran == ["qat"]
    assert go() == everything and ran == ["tables", "tune"]
    assert go(tune=7) == everything and ran == ["tune"]
    assert go(tune=7, qat=9) == everything and ran == ["qat", "tables", "tune"]
