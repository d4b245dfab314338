"""A drawing in build/: the one that would be drawn now, made again only where it would be another, and never needed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from host.api import export_all
from host.diagram import kept
from host.diagram.draw import network_drawing
from host.diagram.kept import FILE_NAME, keep_drawing, kept_drawing
from host.errors import SpecError
from host.packaging.export import DECIDING as EXPORTED_BY
from host.packaging.export import read_record
from host.spec.types import Spec
from host.tasks import TASKS, list_models, open_spec, task_named

ROOT = Path(__file__).resolve().parents[3]
TASK = task_named("compression")


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the models that are drawn from now on."""
    names: list[str] = []

    def draw(task: Any, spec: Spec) -> str:
        names.append(spec.name)
        return network_drawing(task, spec)

    monkeypatch.setattr("host.diagram.draw.network_drawing", draw)
    return names


def test_what_is_kept_is_the_drawing_and_it_is_not_drawn_twice(
    tiny: dict[str, Any], parse: Callable[[Any], Spec], drawn: list[str], tmp_path: Path
) -> None:
    spec = parse(tiny)
    assert kept_drawing(tmp_path, "tiny") is None
    assert keep_drawing(TASK, spec, tmp_path) == ""
    assert kept_drawing(tmp_path, "tiny") == network_drawing(TASK, spec)
    moved = replace(spec, file=tmp_path / "elsewhere" / "tiny" / "spec.json")
    assert keep_drawing(TASK, spec, tmp_path) == keep_drawing(TASK, moved, tmp_path) == ""
    assert drawn == ["tiny"]


def test_another_spec_is_drawn_again(
    tiny: dict[str, Any], parse: Callable[[Any], Spec], drawn: list[str], tmp_path: Path
) -> None:
    keep_drawing(TASK, parse(tiny), tmp_path)
    tiny["encoder"][3]["name"] = "renamed"
    assert keep_drawing(TASK, parse(tiny), tmp_path) == ""
    assert drawn == ["tiny", "tiny"] and "renamed" in (kept_drawing(tmp_path, "tiny") or "")


@pytest.mark.parametrize(
    ("file", "again"),
    [
        ("host/diagram/style.py", True),
        ("host/networks/builder.py", True),
        ("host/tasks/compression/task.py", True),
        ("host/packaging/export.py", False),
        ("host/tasks/codec/task.py", False),
        ("host/cli/export.py", False),
    ],
)
def test_only_code_that_decides_a_drawing_draws_again(
    file: str,
    again: bool,
    tiny: dict[str, Any],
    parse: Callable[[Any], Spec],
    drawn: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code = tmp_path / "code"
    shutil.copytree(ROOT / "host", code / "host", ignore=shutil.ignore_patterns("__pycache__", "*.png"))
    monkeypatch.setattr(kept, "_ROOT", code)
    monkeypatch.setattr("inspect.getfile", lambda kind: str(code / f"{kind.__module__.replace('.', '/')}.py"))
    keep_drawing(TASK, parse(tiny), tmp_path)
    with (code / file).open("a") as source:
        source.write("# a word more\n")
    keep_drawing(TASK, parse(tiny), tmp_path)
    assert drawn == ["tiny"] * (2 if again else 1)


def test_every_pattern_of_the_list_names_code() -> None:
    for pattern in kept.DECIDING:
        assert list(ROOT.glob(pattern)), pattern
    for name in list_models():
        assert len(kept._source_digest(*open_spec(name))) == 64
    assert {type(open_spec(name)[0]) for name in list_models()} == {type(task) for task in TASKS.values()}


def test_the_digest_is_the_same_in_every_process() -> None:
    code = (
        "from host.diagram.kept import _source_digest; from host.tasks import list_models, open_spec\n"
        "for name in list_models(): print(_source_digest(*open_spec(name)))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1 and len(set("".join(found).split())) == len(list_models())


@pytest.mark.parametrize("content", [b"", b"<svg></svg>\n", b"\xff", b"<svg></svg>\n<!-- source_sha256 0 -->\n"])
def test_what_is_no_kept_drawing_is_none_and_is_drawn_again(
    content: bytes, tiny: dict[str, Any], parse: Callable[[Any], Spec], tmp_path: Path
) -> None:
    path = tmp_path / "tiny" / FILE_NAME
    path.parent.mkdir()
    path.write_bytes(content)
    assert kept_drawing(tmp_path, "tiny") is None
    assert keep_drawing(TASK, parse(tiny), tmp_path) == ""
    assert kept_drawing(tmp_path, "tiny") == network_drawing(TASK, parse(tiny))


@pytest.mark.parametrize("error", [SpecError("no such\nlayer"), KeyError("no such\nlayer")])
def test_what_cannot_be_drawn_is_one_line_and_leaves_no_older_drawing(
    error: Exception,
    tiny: dict[str, Any],
    parse: Callable[[Any], Spec],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keep_drawing(TASK, parse(tiny), tmp_path)

    def fail(task: Any, spec: Spec) -> str:
        raise error

    monkeypatch.setattr("host.diagram.draw.network_drawing", fail)
    assert keep_drawing(TASK, parse(tiny), tmp_path) == ""  # nothing to draw
    tiny["encoder"][3]["name"] = "renamed"
    found = keep_drawing(TASK, parse(tiny), tmp_path)
    assert "no such" in found and "layer" in found and "\n" not in found
    assert kept_drawing(tmp_path, "tiny") is None
    assert list((tmp_path / "tiny").iterdir()) == []


def test_a_task_that_is_no_folder_of_modules_is_one_line_too(
    tiny: dict[str, Any], parse: Callable[[Any], Spec], tmp_path: Path
) -> None:
    class Elsewhere(type(TASK)):  # type: ignore[misc]
        """Beside this class lies no spec.py."""

    reason = keep_drawing(Elsewhere(), parse(tiny), tmp_path)
    assert reason and "\n" not in reason
    assert kept_drawing(tmp_path, "tiny") is None


def test_an_export_draws_and_the_next_one_loads_no_tensorflow(loop: Any, tmp_path: Path) -> None:
    spec = open_spec(loop.models / "tiny")[1]
    assert kept_drawing(loop.build, "tiny") == network_drawing(TASK, spec)
    code = (
        "import sys; from pathlib import Path; from host.api import export\n"
        "export(sys.argv[1], bundles=sys.argv[2], build=sys.argv[3]); sys.exit('tensorflow' in sys.modules)"
    )
    places = [str(each) for each in (loop.models / "tiny", loop.bundles, loop.build)]
    assert subprocess.run([sys.executable, "-c", code, *places], cwd=ROOT, check=False).returncode == 0


def test_an_export_that_is_up_to_date_gets_its_missing_drawing_and_is_not_touched(loop: Any, tmp_path: Path) -> None:
    shutil.copytree(loop.build, tmp_path / "build")
    (tmp_path / "build" / "tiny" / FILE_NAME).unlink()
    before = read_record(tmp_path / "build", "tiny")
    lines = export_all(["tiny"], models=loop.models, bundles=loop.bundles, build=tmp_path / "build")
    assert list(lines) == ["tiny: up to date"]
    assert kept_drawing(tmp_path / "build", "tiny") == kept_drawing(loop.build, "tiny")
    assert read_record(tmp_path / "build", "tiny") == before


def test_a_model_that_cannot_be_drawn_is_exported_and_a_line_says_so(
    loop: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(loop.build, tmp_path / "build")
    (tmp_path / "build" / "tiny" / FILE_NAME).unlink()
    monkeypatch.setattr("host.packaging.export.at_once", lambda exports: (each() for each in exports))
    monkeypatch.setattr("host.diagram.draw._page", lambda *_: 1 / 0)
    lines = export_all(["tiny"], models=loop.models, bundles=loop.bundles, build=tmp_path / "build")
    assert list(lines) == ["tiny: up to date", "tiny: not drawn: division by zero"]


def test_the_code_of_drawings_decides_no_exported_bytes() -> None:
    files = {path for pattern in EXPORTED_BY for path in ROOT.glob(pattern)}
    assert not files & set(ROOT.glob("host/diagram/*.py")) and ROOT / "host" / "api.py" not in files
