"""Runs by path and by id."""

from __future__ import annotations

from pathlib import Path

import pytest

from host.comparison.stored_runs import find_stored_run
from host.errors import CompareError


@pytest.fixture
def results(tmp_path: Path) -> Path:
    for name in ("pi/run-1", "pi/run-2", "vm/run-3"):
        (tmp_path / "results" / name).mkdir(parents=True)
        (tmp_path / "results" / name / "run.json").write_text("{}")
    return tmp_path / "results"


def test_a_folder_its_run_json_and_a_bare_id_are_the_same_run(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = results / "pi" / "run-2"
    assert find_stored_run(str(folder), ()) == folder
    assert find_stored_run(str(folder / "run.json"), ()) == folder / "run.json"
    assert find_stored_run("run-2", (results / "none", results)) == folder
    assert find_stored_run("run-3", (results / "vm",)) == results / "vm" / "run-3"
    monkeypatch.chdir(results / "pi")
    assert find_stored_run("run-1", ()) == Path("run-1")


@pytest.mark.parametrize("name", ["run-9", "run-*", "pi/run-1", "*"])
def test_what_is_no_run_is_said(name: str, results: Path) -> None:
    with pytest.raises(CompareError, match=r"no such run; expected a run's folder"):
        find_stored_run(name, (results,))


def test_a_folder_of_runs_is_none(results: Path) -> None:
    with pytest.raises(CompareError, match=r"holds no run\.json; give the folder of one run"):
        find_stored_run(str(results / "pi"), (results,))
