"""benchmarks/identical_runs.py: what it makes, keeps, refuses and adds up; with runs that are drawn."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from host.errors import CompareError
from tests.host.conftest import write_run_file

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "identical_runs.py"
ARGUMENTS = ["--bundle", "m", "--repetitions", "10"]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("identical_runs", SCRIPT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class FakeBench:
    """Leaves a run in the folder as the bench does; `options` are of the next runs."""

    def __init__(self, bench_run: Any) -> None:
        self.bench_run, self.folders, self.options = bench_run, [], [{}]  # type: ignore[var-annotated]

    def __call__(self, arguments: Sequence[str], folder: Path) -> None:
        number = len(self.folders)
        self.folders.append(folder)
        run = self.bench_run(f"run-{number}", number, **self.options[number % len(self.options)])
        command = ("python", "-m", "device.bench", *arguments, "--out", str(folder))
        write_run_file(replace(run, command=command), folder)


@pytest.fixture
def bench(bench_run: Any) -> FakeBench:
    return FakeBench(bench_run)


def test_only_missing_runs_are_made(script: ModuleType, bench: FakeBench, tmp_path: Path) -> None:
    (tmp_path / "first" / ".run-9.partial").mkdir(parents=True)
    (tmp_path / "first" / ".run-9.partial" / "run.json").write_text("{}")
    runs = script.make_pair(tmp_path, ARGUMENTS, bench)
    assert [run.run_id for run in runs] == ["run-0", "run-1"]
    assert bench.folders == [tmp_path / "first", tmp_path / "second"]
    assert script.make_pair(tmp_path, ARGUMENTS, bench) == runs and len(bench.folders) == 2
    (tmp_path / "second" / "run-1" / "run.json").unlink()
    assert [run.run_id for run in script.make_pair(tmp_path, ARGUMENTS, bench)] == ["run-0", "run-2"]


def test_runs_of_another_call_are_not_taken(script: ModuleType, bench: FakeBench, tmp_path: Path) -> None:
    script.make_pair(tmp_path, [*ARGUMENTS, "--variant", "int8"], bench)
    with pytest.raises(CompareError, match=r"made by .* --variant int8 .* give another --folder"):
        script.make_pair(tmp_path, ARGUMENTS, bench)


def test_a_third_run_in_a_pair_is_said(script: ModuleType, bench: FakeBench, tmp_path: Path) -> None:
    script.make_pair(tmp_path, ARGUMENTS, bench)
    bench(ARGUMENTS, tmp_path / "second")
    with pytest.raises(CompareError, match="3 runs, expected 2"):
        script.make_pair(tmp_path, ARGUMENTS, bench)


def test_equal_runs_count_nothing(script: ModuleType, bench_run: Any) -> None:
    found = script.count_rows([bench_run("a", 1), bench_run("b", 2)], "encode", 0.99)
    assert (found["rows"], found["different"], found["machine_changed"], found["names"]) == (2, 0, 0, [])
    assert found["loop_ratio"] == pytest.approx(1, abs=0.02)


def test_each_rule_is_counted_by_itself(script: ModuleType, bench_run: Any) -> None:
    found = script.count_rows([bench_run("a", 1), bench_run("b", 2, machine=1.85, share=0.7)], "encode", 0.99)
    assert (found["different"], found["by_interval"], found["by_interval_and_ranks"]) == (0, 2, 2)
    assert found["machine_changed"] == 2
    found = script.count_rows([bench_run("a", 1), bench_run("b", 2, slower=1.2)], "invoke", 0.99)
    assert (found["different"], found["names"]) == (2, ["m float32", "m int8"])


def test_runs_that_are_not_identical_or_say_nothing_are_refused(script: ModuleType, bench_run: Any) -> None:
    first = bench_run("a", 1)
    for second, words in (
        (bench_run("b", 2, environment={"package_sha256": "d" * 64}), "not identical: package digest"),
        (bench_run("b", 2, variants=("int8",)), "not identical: their rows"),
        (bench_run("b", 2, processes=9), "not identical: processes a row"),
    ):
        with pytest.raises(CompareError, match=words):
            script.count_rows([first, second], "encode", 0.99)
    few = [bench_run("a", 1, processes=9), bench_run("b", 2, processes=9)]
    with pytest.raises(CompareError, match="float32: too few to tell, 9 and 9 processes"):
        script.count_rows(few, "encode", 0.99)


def test_the_script_prints_the_sums_and_fails_over_the_limit(
    script: ModuleType,
    bench: FakeBench,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(script, "measure", bench)
    arguments = ["identical_runs.py", "--pairs", "2", "--bundle", "m", "--folder"]
    monkeypatch.setattr(sys, "argv", [*arguments, str(tmp_path / "equal")])
    assert script.main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80 and "Called different: 0 of 4 rows, limit 2." in lines
    assert [path.name for path in sorted((tmp_path / "equal").iterdir())] == ["pair-01", "pair-02"]
    bench.options = [{}, {"slower": 1.5}]
    monkeypatch.setattr(sys, "argv", [*arguments, str(tmp_path / "slower"), "--json"])
    assert script.main() == 1
    value = json.loads(capsys.readouterr().out)
    assert value["total"]["different"] == 4 and [pair["pair"] for pair in value["pairs"]] == [1, 2]


def test_a_bench_that_fails_is_one_line(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["identical_runs.py", "--folder", str(tmp_path)])
    for python, words in ((Path("/bin/false"), "the bench ended with exit status 1"), (tmp_path / "no", "make setup")):
        monkeypatch.setattr(script, "PYTHON", python)
        assert script.main() == 1
        assert words in capsys.readouterr().err.splitlines()[-1]
