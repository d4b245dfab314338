"""Training, whole: what it says, what it starts from, what it refuses."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from device.files import sha256_bytes
from host.api import train
from host.cli import main
from host.errors import ModelError

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


@pytest.mark.parametrize(("verbose", "lines", "rows"), [(0, 0, 0), (1, 2, 2), (2, 2, 2)])
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
