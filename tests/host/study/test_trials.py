"""Trials: what each trains, from what, and what is kept of an earlier one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from device.files import write_json
from host.errors import ModelError, SpecError
from host.spec.models import MODELS
from host.study.study_file import read_study
from host.study.trials import Trial, plan

ROOT = Path(__file__).resolve().parents[3]
Planned = Callable[..., tuple[Trial, ...]]
FLOAT = {"name": "base", "stages": ["float", "tables"]}


def train_by_hand(folder: Path, stages: list[str]) -> None:
    """Leaves what a training leaves."""
    for stage in stages:
        (folder / "checkpoints" / stage).mkdir(parents=True, exist_ok=True)
        (folder / "checkpoints" / stage / "epoch-1.index").write_text("")
        (folder / "checkpoints" / stage / "best.weights.h5").write_text(stage)
        (folder / f"{stage}.weights.h5").write_text(stage)
    record = {"stages": {stage: {} for stage in stages}, "overrides": {"training.stages.float.epochs": 7}}
    write_json(folder / "training.json", record)


def test_there_is_a_trial_for_each_model_cell_and_seed(planned: Planned, tmp_path: Path) -> None:
    trials = planned(cells=[FLOAT, {"name": "longer", "set": {"training.epochs": 9}}])
    assert [trial.key for trial in trials] == [
        *(("small", "base", 1), ("small", "base", 2)),
        *(("small", "longer", 1), ("small", "longer", 2)),
    ]
    assert trials[2].folder == tmp_path / "work" / "mine" / "small" / "longer" / "seed-1"
    assert trials[2].spec["training"]["stages"]["float"]["epochs"] == 9
    assert [trial.spec["training"]["seed"] for trial in trials] == [1, 2, 1, 2]
    assert len({trial.digest for trial in trials}) == 4
    assert trials[2].stages == ("float", "qat", "tables")


def test_stages_that_are_never_trained_go_with_their_recipes(planned: Planned) -> None:
    trial = planned(cells=[FLOAT])[0]
    assert list(trial.spec["training"]["stages"]) == ["float", "tables"]
    assert trial.spec["quantization"]["recipes"] == {}
    assert trial.stages == ("float", "tables")


def test_a_cell_starts_from_another_with_its_overrides_and_seed(planned: Planned) -> None:
    cells = [FLOAT | {"set": {"data.flip": True}}, {"name": "qat", "from": "base", "stages": ["qat"]}]
    base, _, first, second = planned(cells=cells)
    assert (first.after, second.after) == (("small", "base", 1), ("small", "base", 2))
    assert first.source == base.models / "small"
    assert first.spec["data"]["flip"] is True
    assert list(first.spec["training"]["stages"]) == ["float", "qat", "tables"]
    assert first.stages == ("qat",) and list(first.spec["quantization"]["recipes"]) == ["other_qat"]


def test_a_cell_starts_from_a_trained_model_with_what_it_was_trained_with(planned: Planned, models: Path) -> None:
    train_by_hand(models / "small", ["float"])
    (trial, _) = planned(cells=[{"name": "qat", "from": "small", "stages": ["qat", "tables"]}])
    assert trial.spec["training"]["stages"]["float"]["epochs"] == 7
    trial.prepare(models)
    folder = trial.models / "small"
    assert (folder / "float.weights.h5").read_text() == "float"
    assert (folder / "checkpoints/float/best.weights.h5").is_file()
    assert not list(folder.glob("checkpoints/float/epoch-*"))
    assert json.loads((folder / "training.json").read_text()) == {"stages": {"float": {}}}


def test_what_starts_from_other_weights_is_begun_anew(planned: Planned, models: Path) -> None:
    train_by_hand(models / "small", ["float"])
    cells = [{"name": "qat", "from": "small", "stages": ["qat", "tables"]}]
    planned(cells=cells)[0].prepare(models)
    (models / "small" / "float.weights.h5").write_text("better")
    trial = planned(cells=cells)[0]
    train_by_hand(trial.models / "small", ["qat"])
    trial.prepare(models)
    assert (trial.models / "small" / "float.weights.h5").read_text() == "better"
    assert not (trial.models / "small" / "qat.weights.h5").exists()


def test_checkpoints_stay_where_only_the_epochs_change_and_go_where_more_does(planned: Planned, models: Path) -> None:
    trial = planned(cells=[FLOAT])[0]
    trial.prepare(models)
    checkpoints = trial.models / "small" / "checkpoints"
    (checkpoints / "float").mkdir(parents=True)
    longer = planned(cells=[FLOAT | {"set": {"training.epochs": 9}}])[0]
    assert longer.digest != trial.digest
    longer.prepare(models)
    assert (checkpoints / "float").is_dir()
    planned(cells=[FLOAT | {"set": {"training.epochs": 9, "training.batch_size": 8}}])[0].prepare(models)
    assert not (checkpoints / "float").exists()


def test_checkpoints_of_a_stage_that_is_left_out_for_a_while_go_where_it_has_changed(
    planned: Planned, models: Path
) -> None:
    three = {"name": "base", "stages": ["float", "qat", "tables"]}
    trial = planned(cells=[three])[0]
    trial.prepare(models)
    checkpoints = trial.models / "small" / "checkpoints" / "qat"
    checkpoints.mkdir(parents=True)
    for cell, kept in ((FLOAT, True), (three, True), (FLOAT, True), (three | {"set": {"data.flip": True}}, False)):
        planned(cells=[cell])[0].prepare(models)
        assert checkpoints.is_dir() == kept


def test_a_trial_is_finished_until_something_of_it_changes(planned: Planned, models: Path) -> None:
    trial = planned(cells=[FLOAT])[0]
    assert trial.finished() is None
    trial.prepare(models)
    trial.finish(1.5, 2)
    assert trial.finished() is None, "there is no evaluation"
    trial.evaluation.write_text("{}")
    assert planned(cells=[FLOAT])[0].finished() == {"digest": trial.digest, "seconds": 1.5, "epochs": 2}
    assert planned(cells=[FLOAT | {"set": {"description": "in other words"}}])[0].finished()
    assert planned(cells=[FLOAT | {"set": {"training.epochs": 9}}])[0].finished() is None


def test_other_models_are_at_hand_for_a_spec_that_names_one(planned: Planned, models: Path) -> None:
    (models / "teacher").mkdir()
    trial = planned(cells=[FLOAT])[0]
    trial.prepare(models)
    trial.prepare(models)
    assert (trial.models / "teacher").resolve() == models / "teacher"
    assert not (trial.models / "small").is_symlink()


def test_the_folder_of_models_may_move(planned: Planned, models: Path) -> None:
    (models / "teacher").mkdir()
    trial = planned(cells=[FLOAT])[0]
    trial.prepare(models)
    moved = models.rename(models.with_name("moved"))
    (moved / "teacher").rename(moved / "another")
    trial.prepare(moved)
    assert (trial.models / "another").resolve() == moved / "another"
    assert sorted(path.name for path in trial.models.iterdir()) == ["another", "small"]


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ({"set": {"training.nosuch": 1}}, r"\$\.cells\[0\], small: .*\$\.training\.nosuch: unknown key"),
        ({"set": {"encoder[7].filters": 1}}, r"\$\.cells\[0\], small: --set encoder\[7\]\.filters: .* no such place"),
        ({"stages": ["floot"]}, r'\$\.cells\[0\], small: stages: no stage "floot".*did you mean float\?'),
        ({"from": "nosuch", "stages": ["qat"]}, r'\$\.cells\[0\], small: from: no earlier cell and no model "nosuch"'),
        ({"stages": ["qat"]}, r"\$\.cells\[0\], small: .*\$\.training\.stages\.float: missing"),
    ],
)
def test_what_the_spec_does_not_take_is_one_line(planned: Planned, cell: dict, words: str) -> None:
    with pytest.raises(SpecError, match=words) as raised:
        planned(cells=[{"name": "base", **cell}])
    assert "\n" not in str(raised.value)


def test_the_example_of_the_guide_is_a_study_of_the_models_here(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "studies.md").read_text()
    (example,) = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    (tmp_path / "example.json").write_text(example)
    study = read_study(tmp_path / "example.json", MODELS)
    assert len(plan(study, MODELS, tmp_path)) == len(study.models) * len(study.cells) * len(study.seeds) == 9


@pytest.mark.parametrize("file", sorted((ROOT / "benchmarks" / "studies").glob("*.json")), ids=lambda file: file.stem)
def test_the_studies_here_fit_the_models_here(file: Path, tmp_path: Path) -> None:
    assert plan(read_study(file, MODELS), MODELS, tmp_path)


def test_weights_of_a_model_that_is_not_trained_are_one_line(planned: Planned) -> None:
    with pytest.raises(ModelError, match="small is not trained, so nothing can start from it; host train small"):
        planned(cells=[{"name": "base", "from": "small", "stages": ["qat"]}])
