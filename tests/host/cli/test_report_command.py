"""`host report`: which runs and models, where to, and one line for what is not there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from host.cli import main
from host.report.sources import Folders
from tests.host.project import MODEL, RUN


@pytest.fixture
def run(project: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Calls the command for the made-up project, without the PDF."""
    from host.report import report

    write = report.write_report

    def in_project(folders: Folders, out: Path | None, runs: Sequence[str], names: Sequence[str]) -> list[str]:
        return write(Folders(folders.models, project.benchmarks, project.folders.build), out, runs, names)

    monkeypatch.setattr(report, "write_report", in_project)
    monkeypatch.setattr(report, "pdf_bytes", lambda *_: b"%PDF")

    def call(*arguments: object) -> Result:
        return CliRunner().invoke(main, ["report", *map(str, arguments)])

    return call


def test_everything_is_reported_to_its_own_folder(project: Any, run: Any) -> None:
    project.write().another_run(1, model="second")
    result = run()
    assert result.exit_code == 0, result.output
    assert MODEL in result.output and "second" in result.output and "report.html" in result.output
    assert (project.benchmarks / "reports" / "report.html").is_file()


def test_runs_models_and_the_folder_are_chosen_by_options(project: Any, run: Any, tmp_path: Path) -> None:
    second = project.write().another_run(1, model="second")["run_id"]
    project.another_run(2, model="third")
    options = ["--run", RUN, "--run", second, "--model", "second", "--out", tmp_path / "here"]
    result = run(*options, "--models", project.folders.models)
    assert result.exit_code == 0, result.output
    assert "second" in result.output and MODEL not in result.output and "third" not in result.output
    assert (tmp_path / "here" / "report.md").is_file()


@pytest.mark.parametrize("options", [["--run", "nothing"], ["--model", "nobody"]])
def test_what_is_not_there_is_one_line(project: Any, run: Any, options: list[str]) -> None:
    project.write()
    result = run(*options)
    assert result.exit_code == 1
    assert len(result.output.strip().splitlines()) == 1 and options[1] in result.output
