from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from host.api import collect
from host.errors import RemoteError
from host.remote.connection import connect
from host.remote.results import fetched, list_runs
from host.remote.target import Target

from .conftest import Machine


def write_runs(machine: Machine, *names: str) -> Path:
    results = machine.path / "device" / "results"
    for name in names:
        (results / name).mkdir(parents=True)
        (results / name / "run.json").write_text(name)
    (results / "no run").mkdir(parents=True)
    return results


def at(machine: Machine, *parts: str) -> Target:
    return Target(machine.target.login, "/".join((machine.target.path, *parts)))


@pytest.mark.parametrize("below", ["", "device", "device/results"])
def test_only_whole_runs_are_listed_and_fetched(machine: Machine, program: str, below: str) -> None:
    results = write_runs(machine, "20260101-a", "20260102-b", ".20260103-c")
    with connect(at(machine, *below.split()), machine.options) as connection:
        runs = list_runs(connection)
        assert (runs.folder, runs.names) == (str(results), ("20260101-a", "20260102-b"))
        with fetched(connection, runs, runs.names) as folder:
            assert {path.name: (path / "run.json").read_text() for path in folder.iterdir()} == {
                "20260101-a": "20260101-a",
                "20260102-b": "20260102-b",
            }
    assert not folder.exists()


def test_one_run_can_be_named(machine: Machine, program: str) -> None:
    write_runs(machine, "a", "b")
    with connect(at(machine, "device", "results", "b"), machine.options) as connection:
        runs = list_runs(connection)
        with fetched(connection, runs, runs.names) as folder:
            assert [path.name for path in folder.iterdir()] == ["b"]


def test_nothing_there_is_one_line(fake: Machine) -> None:
    with connect(fake.target, fake.options) as connection:
        with pytest.raises(RemoteError, match=r"pi@fake: no folder it's a pi there$"):
            list_runs(connection)
        write_runs(fake)
        runs = list_runs(connection)
        assert runs.names == ()
        with pytest.raises(RemoteError, match="no finished run"), fetched(connection, runs, runs.names):
            pass


def test_a_name_that_a_shell_would_read_otherwise_is_refused(fake: Machine) -> None:
    write_runs(fake, "a b")
    with connect(fake.target, fake.options) as connection:
        runs = list_runs(connection)
        assert runs.names == ("a b",)
        with pytest.raises(RemoteError, match="run 'a b': rename it"), fetched(connection, runs, runs.names):
            pass


def test_what_was_fetched_can_be_collected(machine: Machine, program: str, loop: Any, tmp_path: Path) -> None:
    shutil.copytree(loop.run, machine.path / "device" / "results" / loop.run.name)
    with connect(machine.target, machine.options) as connection:
        runs = list_runs(connection)
        with fetched(connection, runs, runs.names) as folder:
            (run,) = collect(folder, results=tmp_path / "results", bundles=loop.bundles, build=loop.build)
    assert run.run_id == loop.run.name
    assert all(row.error is None for result in run.results for row in result.rows)
