"""`host compare` from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from host.cli import main
from host.cli.results import COMPARED_STAGES
from host.comparison.compared_row import STAGES
from tests.host.conftest import write_run_file


@pytest.fixture
def write_run(tmp_path: Path, bench_run: Any) -> Any:
    """Writes a run's run.json and gives its folder."""

    def write(run_id: str, seed: int, **options: Any) -> Path:
        return write_run_file(bench_run(run_id, seed, **options), tmp_path)

    return write


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["compare", *map(str, arguments)])


def test_the_stages_are_those_that_can_be_compared() -> None:
    assert COMPARED_STAGES == STAGES


def test_two_runs_give_a_table_or_json(write_run: Any) -> None:
    folders = write_run("a", 1), write_run("b", 2, slower=1.2) / "run.json"
    result = run(*folders)
    assert result.exit_code == 0 and result.output.count(" slower\n") == 2
    result = run(*folders, "--json", "--stage", "invoke", "--confidence", "95")
    value = json.loads(result.output)
    assert (value["stage"], value["confidence"]) == ("invoke", 0.95)
    assert [row["verdict"] for row in value["comparisons"][0]["rows"]] == ["slower", "slower"]


def test_a_comparison_that_is_refused_fails_and_says_why(write_run: Any) -> None:
    folders = write_run("a", 1), write_run("b", 2, environment={"emulated": "qemu-user"})
    result = run(*folders)
    assert result.exit_code == 1 and "refused: the run was emulated" in result.output
    result = run(*folders, "--json")
    assert result.exit_code == 1 and "emulated" in json.loads(result.output)["comparisons"][0]["refused"]
    assert run(*folders, write_run("c", 3)).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 2, "Missing argument"),
        (["nosuch", "nosuch"], 1, "Error: nosuch: no such run"),
        (["a"], 1, "Error: a comparison needs two or more runs"),
        (["a", "a"], 1, "Error: the same run twice"),
        (["a", "b", "--confidence", "100"], 1, "Error: a confidence of 100 %"),
        (["a", "b", "--stage", "decode"], 2, "'decode' is not one of"),
    ],
)
def test_what_goes_wrong_is_said(arguments: list[str], code: int, words: str, write_run: Any, tmp_path: Path) -> None:
    write_run("a", 1), write_run("b", 2)
    named = [str(tmp_path / part) if part in ("a", "b") else part for part in arguments]
    result = run(*named)
    assert result.exit_code == code and words in result.output
