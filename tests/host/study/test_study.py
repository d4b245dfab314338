"""A whole study, from the command line: killed, resumed, tabulated; two cells of a tiny model with two seeds."""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from device.files import read_json, sha256_bytes
from host.cli import main
from host.study.results import read_result
from tests.host.study.conftest import SPEC

ROOT = Path(__file__).resolve().parents[3]
CELLS = [
    {"name": "base"},
    {"name": "longer", "from": "base", "set": {"training.epochs": 1}},
]
STUDY = {
    "format_version": 1,
    "models": ["small"],
    "seeds": [1, 2],
    "cells": CELLS,
    "stages": ["float", "tables"],
    "rows": ["float32", "int8"],
}


@dataclass(frozen=True)
class Done:
    """A study that was killed and carried out again.

    Attributes:
        killed, resumed: what both calls said on stderr.
        weights: when the finished trials' weights were written, before the second call.
    """

    folder: Path
    killed: str
    resumed: str
    printed: str
    weights: dict[Path, int]


def arguments(folder: Path) -> list[str]:
    places = [f"--{name}={folder / name}" for name in ("models", "work", "out")]
    return [str(folder / "tiny-study.json"), *places, "--jobs=2"]


def started(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "host", "study", *arguments(folder)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    """SIGTERM came while the second cell was at work."""
    folder = tmp_path_factory.mktemp("study")
    (folder / "models" / "small").mkdir(parents=True)
    (folder / "models" / "small" / "spec.json").write_text(json.dumps(SPEC))
    (folder / "tiny-study.json").write_text(json.dumps(STUDY))
    first = started(folder)
    assert first.stderr is not None
    killed = ""
    while "done: " not in killed:
        line = first.stderr.readline()
        assert line, killed
        killed += line
    first.send_signal(signal.SIGTERM)
    killed += first.communicate()[1]
    assert first.returncode == 128 + signal.SIGTERM, killed
    weights = {path: path.stat().st_mtime_ns for path in folder.glob("work/tiny-study/*/base/*/models/small/*.h5")}
    second = started(folder)
    printed, resumed = second.communicate()
    assert second.returncode == 0, resumed
    return Done(folder, killed, resumed, printed, weights)


def test_a_killed_study_says_how_to_go_on_and_leaves_no_process(done: Done) -> None:
    last = done.killed.splitlines()[-1]
    assert last.startswith("interrupted; to continue: ")
    assert last.endswith(f"host study {shlex.join(arguments(done.folder))}")
    commands = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if os.access(path, os.R_OK)]
    assert not [each for each in commands if str(done.folder).encode() in each]


def test_what_is_finished_is_not_done_again(done: Done) -> None:
    finished = [line for line in done.killed.splitlines() if line.startswith("done: ")]
    names = [line.removeprefix("done: ").partition(",")[0] for line in finished]
    assert names
    for name in names:
        assert f"begins: {name} " not in done.resumed
    assert done.weights and all(path.stat().st_mtime_ns == written for path, written in done.weights.items())


def test_the_results_hold_every_value_and_where_it_is_from(done: Done) -> None:
    found = read_result(done.folder / "out" / "tiny-study.json")
    assert not found.missing
    assert [(row.cell, row.row, row.seeds) for row in found.rows] == [
        (cell, row, (1, 2)) for cell in ("base", "longer") for row in ("float32", "int8")
    ]
    for row in found.rows:
        psnr = [
            each.metrics["psnr_db"]
            for trial in found.trials
            for each in trial.rows
            if (trial.cell, each.row) == (row.cell, row.row)
        ]
        assert list(row.metrics["psnr_db"].values) == psnr and len(set(psnr)) == 2, "seeds differ"
        assert row.latency_ms is not None and min(row.latency_ms.values) > 0
    assert found.rows[3].against is not None
    assert [trial.epochs for trial in found.trials] == [2, 2, 1, 1]
    assert {"tensorflow", "numpy"} <= set(found.versions) and found.environment["cores"]
    assert sorted(path.name for path in (done.folder / "out").iterdir()) == [
        "tiny-study.json",
        "tiny-study.skimage.latency.png",
        "tiny-study.skimage.size.png",
        "tiny-study.small.rows.png",
    ]
    assert [len(trial.curves[0].values) for trial in found.trials] == [2, 2, 1, 1]


def test_a_cell_goes_on_from_the_weights_of_the_same_seed(done: Done) -> None:
    for seed in (1, 2):
        first, second = (done.folder / f"work/tiny-study/small/{cell}/seed-{seed}" for cell in ("base", "longer"))
        record = read_json(second / "models" / "small" / "training.json")["stages"]["float"]
        weights = (first / "models" / "small" / "float.weights.h5").read_bytes()
        assert record["started_from"]["sha256"] == sha256_bytes(weights)


def test_the_table_fits_a_terminal_and_names_the_files(done: Done) -> None:
    lines = done.printed.splitlines()
    assert lines[0].endswith("images; seeds 1, 2") and lines[0].startswith("small: test set, ")
    assert any(line.startswith("longer int8 ") for line in lines)
    assert max(len(line) for line in lines if "/" not in line) <= 80
    assert str(done.folder / "out" / "tiny-study.skimage.size.png") in done.printed


def run(*options: str) -> Result:
    return CliRunner().invoke(main, ["study", *options])


def test_a_finished_study_only_prints_and_keeps_its_latencies(done: Done) -> None:
    before = json.loads((done.folder / "out" / "tiny-study.json").read_text())
    result = run(*arguments(done.folder), "--json")
    assert result.exit_code == 0, result.output
    after = json.loads(result.stdout)
    assert after["rows"] == before["rows"] and result.stderr == ""
    assert after == json.loads((done.folder / "out" / "tiny-study.json").read_text())


def test_trials_are_exported_evaluated_and_timed_again_but_not_trained(done: Done, tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text(json.dumps({**STUDY, "seeds": [1], "cells": CELLS[:1]}))
    work = tmp_path / "work" / "one"
    shutil.copytree(done.folder / "work" / "tiny-study" / "small" / "base" / "seed-1", work / "small/base/seed-1")
    places = [f"--models={done.folder / 'models'}", f"--work={work.parent}", f"--out={tmp_path / 'out'}"]
    assert run(str(tmp_path / "one.json"), *places).exit_code == 0
    (weights,) = work.glob("*/*/*/models/small/float.weights.h5")
    made = [work / "latency.json", *work.glob("*/*/*/evaluation.json"), *work.glob("*/*/*/finished.json")]
    before = [path.stat().st_mtime_ns for path in (weights, *made)]
    result = run(str(tmp_path / "one.json"), *places, "--again")
    assert result.exit_code == 0, result.output
    after = [path.stat().st_mtime_ns for path in (weights, *made)]
    assert [old == new for old, new in zip(before, after, strict=True)] == [True, False, False, False]
    assert run(str(tmp_path / "one.json"), *places, "--again", "--finished").exit_code == 2
    assert made[-1].is_file()


def test_a_study_shows_what_is_finished_of_it(done: Done, tmp_path: Path) -> None:
    value = {**STUDY, "seeds": [1, 2, 3]}
    file = done.folder / "tiny-study.json"
    file.write_text(json.dumps(value))
    result = run(*arguments(done.folder), "--finished", f"--out={tmp_path}")
    file.write_text(json.dumps(STUDY))
    assert result.exit_code == 0, result.output
    assert "Not finished: 2 trials, such as small base seed 3." in result.output
    assert json.loads((tmp_path / "tiny-study.json").read_text())["missing"] == [
        "small base seed 3",
        "small longer seed 3",
    ]


def test_a_study_that_another_process_is_at_work_on_is_left_alone(done: Done, tmp_path: Path) -> None:
    latencies = done.folder / "work" / "tiny-study" / "latency.json"
    kept = latencies.read_bytes()
    with open(done.folder / "work" / "tiny-study" / "lock") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        result = run(*arguments(done.folder))
        assert result.exit_code == 1 and "another process is at work on this study" in result.output
        result = run(*arguments(done.folder), "--finished", f"--out={tmp_path}")
    assert result.exit_code == 0 and "device" not in result.output, "times beside trainings are none"
    assert latencies.read_bytes() == kept


def test_nothing_finished_is_one_line(models: Path, write: Callable[..., Path]) -> None:
    file = write()
    result = run(str(file), f"--models={models}", "--finished")
    assert result.exit_code == 1 and "mine.json: no trial is finished yet; " in result.output


def test_results_do_not_overwrite_the_study(models: Path, write: Callable[..., Path]) -> None:
    file = write()
    text = file.read_text()
    result = run(str(file), f"--models={models}", f"--work={models.parent / 'work'}", f"--out={file.parent}")
    assert result.exit_code == 1 and "the results would overwrite the study itself; give another --out" in result.output
    assert file.read_text() == text and not (models.parent / "work").exists()


def test_a_wrong_file_is_one_line(tmp_path: Path) -> None:
    result = run(str(tmp_path / "no.json"))
    assert result.exit_code == 1 and result.output.startswith(f"Error: {tmp_path}/no.json: cannot be read")
