"""Where a run is kept: nothing that it holds decides a path outside, and no link in it is followed."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from device.errors import SplitliteError
from device.run_file import Outputs, Run
from host.errors import CollectError
from host.evaluation.collect import collect
from host.evaluation.keeping import keep, read_regular, replace_folder
from tests.host.conftest import edited, write_run_file


@pytest.fixture
def run(bench_run: Any, tmp_path: Path) -> Run:
    """A run with two files of outputs, in tmp_path/from-pi."""
    run: Run = bench_run("run-1", 1)
    folder = write_run_file(run, tmp_path / "from-pi")
    for row in run.rows:
        assert row.outputs
        (folder / row.outputs.file).write_bytes(row.variant.encode())
    return run


def kept(run: Run, tmp_path: Path) -> Path:
    return keep(tmp_path / "from-pi" / "run-1", run, tmp_path / "results", "pi")


def test_only_what_the_run_names_is_copied(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "from-pi" / "run-1"
    (source / "secret").write_text("of the workstation")
    (source / "deep").mkdir()
    target = kept(run, tmp_path)
    assert target == tmp_path / "results" / "pi" / "run-1"
    assert {path.name: path.read_bytes() for path in target.iterdir()} == {
        "run.json": (source / "run.json").read_bytes(),
        "m.float32.bin": b"float32",
        "m.int8.bin": b"int8",
    }
    assert kept(run, tmp_path) == target  # again: nothing happens
    assert [path.name for path in (tmp_path / "results" / "pi").iterdir()] == ["run-1"]


@pytest.mark.parametrize(
    "name", ["../x", "/tmp/x", "a/b", "..", ".", "", "a\0b", ".hidden", "x" * 300, "\udcff", "a\nb"]
)
def test_a_name_that_leaves_the_folder_is_refused(name: str, run: Run, tmp_path: Path) -> None:
    (row, *rest) = run.rows
    outputs = Outputs(name, "f" * 64, ())
    for changed in (replace(run, run_id=name), replace(run, rows=(replace(row, outputs=outputs), *rest))):
        with pytest.raises(CollectError, match="cannot name a file") as raised:
            kept(changed, tmp_path)
        assert "\n" not in str(raised.value)
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("run_id", ["../../x", "/tmp/elsewhere/abs", "a/b", "*"])
def test_a_run_json_does_not_decide_where_collect_writes(run_id: str, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "from-pi" / "run-1" / "run.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "run_id": run_id}))
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(SplitliteError):
        collect(tmp_path / "from-pi", {}, tmp_path / "build", tmp_path / "results", bundles=tmp_path / "bundles")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", ["../../x", "/abs", "**", "*", "a/b"])
def test_a_models_name_and_a_tag_are_no_patterns_and_no_paths(name: str, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "from-pi" / "run-1" / "run.json"

    def as_model(value: dict[str, Any]) -> None:
        value["bundles"] = {name: value["bundles"]["m"]}
        for row in value["rows"]:
            row["model"] = name

    def as_tag(value: dict[str, Any]) -> None:
        for row in value["rows"]:
            row["tag"] = name

    original = json.loads(file.read_text())
    for change in (as_model, as_tag):
        value = json.loads(json.dumps(original))
        change(value)
        file.write_text(json.dumps(value))
        with pytest.raises(SplitliteError) as raised:
            collect(file, {}, tmp_path / "build", tmp_path / "results", bundles=tmp_path / "bundles")
        assert "\n" not in str(raised.value)
    assert edited(run, lambda value: None) == run


def test_a_link_is_not_followed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("of the workstation")
    file = tmp_path / "from-pi" / "run-1" / "m.int8.bin"
    file.unlink()
    file.symlink_to(tmp_path / "secret")
    with pytest.raises(CollectError, match=r"m\.int8\.bin: a link, which is not followed"):
        kept(run, tmp_path)
    assert not list(tmp_path.glob("results/pi/*"))


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CollectError, match="pipe: expected a regular file"):
        read_regular(tmp_path / "pipe")
    with pytest.raises(CollectError, match="expected a regular file"):
        read_regular(tmp_path)
    assert read_regular(tmp_path / "nowhere") is None


def test_a_missing_file_is_the_error_of_its_row_and_not_of_the_copy(run: Run, tmp_path: Path) -> None:
    (tmp_path / "from-pi" / "run-1" / "m.int8.bin").unlink()
    assert sorted(path.name for path in kept(run, tmp_path).iterdir()) == ["m.float32.bin", "run.json"]


def test_a_kept_run_is_never_overwritten(run: Run, tmp_path: Path) -> None:
    target = kept(run, tmp_path)
    (tmp_path / "from-pi" / "run-1" / "m.int8.bin").write_bytes(b"int9")
    with pytest.raises(CollectError, match="collected before, with other bytes"):
        kept(run, tmp_path)
    assert (target / "m.int8.bin").read_bytes() == b"int8"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_folder_is_replaced_as_a_whole(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    for files in ({"a": b"1", "b": b"2"}, {"b": b"3"}):
        replace_folder(folder, files)
        assert contents(folder) == files
    replace_folder(folder, {})
    assert list(tmp_path.iterdir()) == []
    replace_folder(folder, {})
    folder.symlink_to(tmp_path / "elsewhere")
    replace_folder(folder, {"a": b"1"})
    assert not folder.is_symlink() and contents(folder) == {"a": b"1"}
    assert [path.name for path in tmp_path.iterdir()] == ["pictures"]


@pytest.mark.parametrize("failing", ["rename", "fsync"])
def test_a_folder_that_cannot_be_replaced_stays(failing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "pictures"
    replace_folder(folder, {"a": b"1"})
    real = getattr(os, failing)

    def broken(*arguments: Any) -> None:
        if failing == "fsync" or Path(arguments[0]).name == "new":
            raise OSError(28, "No space left on device")
        real(*arguments)

    monkeypatch.setattr(os, failing, broken)
    with pytest.raises(CollectError, match=r"pictures: cannot be written \(No space left on device\)"):
        replace_folder(folder, {"b": b"2"})
    assert contents(folder) == {"a": b"1"} and [path.name for path in tmp_path.iterdir()] == ["pictures"]


def test_no_file_is_written_outside_a_replaced_folder(tmp_path: Path) -> None:
    with pytest.raises(CollectError, match="cannot name a file"):
        replace_folder(tmp_path / "pictures", {"../a": b"1"})
    assert list(tmp_path.iterdir()) == []
