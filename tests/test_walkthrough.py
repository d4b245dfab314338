"""benchmarks/walkthrough.ipynb: its committed outputs are its own, its set-up, and a real run of all its cells."""

from __future__ import annotations

import ast
import base64
import importlib
import importlib.util
import io
import re
import subprocess
import sys
from collections.abc import Callable
from copy import deepcopy
from math import isfinite
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat
import numpy as np
import pytest
from nbformat import NotebookNode
from PIL import Image

from host.quantization.recipes import DEFAULTS

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "benchmarks" / "run_walkthrough.py"
NOTEBOOK = ROOT / "benchmarks" / "walkthrough.ipynb"
COLUMNS = ["model", "loss", "PSNR (dB)", "SSIM", "compression ratio", "inference time (ms)", "size (kB)"]
QUIET = {"set-up", "tensorflow"}  # cells that say nothing where all is well
FIGURES = ("curve", "plots", "pictures")
_PLACE = re.compile(r"(?<![\w.:/<])(?:/(?!/)[\w.@-]+){2,}|\b[A-Za-z]:\\|site-packages")
HOSTED = ("COLAB_RELEASE_TAG", "KAGGLE_KERNEL_RUN_TYPE")


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("run_walkthrough", SCRIPT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def committed() -> NotebookNode:
    return nbformat.read(NOTEBOOK, as_version=4)


def _code(notebook: NotebookNode) -> dict[str, NotebookNode]:
    return {cell.id: cell for cell in notebook.cells if cell.cell_type == "code"}


def _texts(cell: NotebookNode) -> list[str]:
    """All that a cell wrote, without pictures."""
    found = []
    for output in cell.outputs:
        found += [output.text] if output.output_type == "stream" else [str(output.get("evalue", ""))]
        found += [text for kind, text in output.get("data", {}).items() if kind != "image/png"]
    return found


def _figure(cell: NotebookNode) -> np.ndarray:
    """A cell's only picture, uint8 (height, width, 4)."""
    (picture,) = (output.data["image/png"] for output in cell.outputs if "image/png" in output.get("data", {}))
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(picture))).convert("RGBA"))


def _assert_whole(notebook: NotebookNode) -> None:
    """Every cell ran, and table, drawing and plots have what they promise."""
    cells = _code(notebook)
    assert [cell.execution_count for cell in cells.values()] == list(range(1, len(cells) + 1))
    assert not [name for name, cell in cells.items() for each in cell.outputs if each.output_type == "error"]
    assert {name for name, cell in cells.items() if not cell.outputs} == QUIET
    (text,) = (output.data["text/markdown"] for output in cells["table"].outputs)
    titles, _, *rows = [line.strip("| ").split(" | ") for line in text.splitlines()]
    assert titles == COLUMNS
    assert [model.partition(", ")[2] for model, *_ in rows] == list(DEFAULTS)
    for _, loss, *numbers in rows:
        assert loss == "mse"
        assert len(numbers) == 5
        assert all(isfinite(float(number)) and float(number) > 0 for number in numbers)
    (drawing,) = (output.data["image/svg+xml"] for output in cells["networks"].outputs if "data" in output)
    assert "latent_out" in drawing
    for name in FIGURES:
        assert len(np.unique(_figure(cells[name])[..., :3])) > 16, f"{name}: an empty figure"
    assert any("Post-training quantization to int8" in text for text in _texts(cells["learned"]))


def test_the_committed_outputs_are_whole(committed: NotebookNode) -> None:
    _assert_whole(committed)
    assert NOTEBOOK.stat().st_size < 1_000_000


def test_the_committed_outputs_are_of_the_committed_code(committed: NotebookNode, script: ModuleType) -> None:
    assert committed.metadata.splitlite[script.DIGEST] == script.sources_digest(committed), SCRIPT.name


def test_the_committed_outputs_are_of_the_default_settings(
    committed: NotebookNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DATA", "EPOCHS", "IMAGES", "FOLDER"):
        monkeypatch.delenv(f"SPLITLITE_WALKTHROUGH_{name}", raising=False)
    monkeypatch.chdir(tmp_path)
    exec("import os\nfrom pathlib import Path\n" + _code(committed)["settings"].source, {})
    assert [capsys.readouterr().out] == _texts(_code(committed)["settings"])
    assert len(list((tmp_path / "walkthrough").iterdir())) == 1


def test_the_committed_notebook_names_no_place_of_a_machine(committed: NotebookNode) -> None:
    found = {name: _PLACE.findall("\n".join(_texts(cell))) for name, cell in _code(committed).items()}
    assert not {name: places for name, places in found.items() if places}
    assert set(committed.metadata) == {"kernelspec", "language_info", "splitlite"}
    assert {key for cell in committed.cells for key in cell.metadata} <= {"tags"}


@pytest.mark.parametrize("text", ["in /home/me/splitlite/host", '"/usr/lib/x.py"', "(/tmp/a.b/c)", "C:\\Users\\me"])
def test_a_place_of_a_machine_is_seen(text: str) -> None:
    assert _PLACE.search(text)


def test_no_number_of_the_outputs_stands_in_the_text(committed: NotebookNode) -> None:
    for cell in committed.cells:
        if cell.cell_type == "markdown":
            assert not re.findall(r"\d+\.\d+|\d+ (?:%|dB|ms|kB|bytes)", cell.source), cell.id


def test_links_of_the_text_resolve(committed: NotebookNode) -> None:
    text = "\n".join(cell.source for cell in committed.cells if cell.cell_type == "markdown")
    links = re.findall(r"\]\(([^)\s]+)\)", text)
    assert len(links) >= 5
    assert not [link for link in links if not (NOTEBOOK.parent / link).is_file()]


def test_every_code_cell_has_a_paragraph_before_it(committed: NotebookNode) -> None:
    kinds = [cell.cell_type for cell in committed.cells]
    assert kinds[0] == "markdown"
    assert all({before, cell} == {"markdown", "code"} for before, cell in zip(kinds[1:], kinds[2:], strict=False))


def test_all_that_the_notebook_imports_is_there(committed: NotebookNode) -> None:
    """A module that moves is noticed here, and not only by the slow test."""
    names = []
    for cell in _code(committed).values():
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in ("host", "device"):
                names += [(node.module or "", alias.name) for alias in node.names]
    assert len(names) >= 8
    missing = [f"{module}.{name}" for module, name in names if not hasattr(importlib.import_module(module), name)]
    assert not missing


@pytest.fixture
def set_up(
    committed: NotebookNode, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[dict[str, Any], list[list[str]]]]:
    """Runs the set-up cell with an address of the repository; returns its names and the commands that it called."""

    def run(address: str = "") -> tuple[dict[str, Any], list[list[str]]]:
        called: list[list[str]] = []

        def call(command: list[str], **options: Any) -> None:
            assert options == {"check": True}
            called.append(command)
            if command[:2] == ["git", "clone"]:
                (Path(command[-1]) / "host").mkdir(parents=True)
                (Path(command[-1]) / "host" / "api.py").touch()

        source = _code(committed)["set-up"].source
        names: dict[str, Any] = {}
        with monkeypatch.context() as patch:
            patch.setattr(subprocess, "run", call)
            patch.setattr(sys, "path", [*sys.path])
            exec(source.replace('REPOSITORY = ""', f"REPOSITORY = {address!r}"), names)
            assert sys.path[0] == str(names["ROOT"])
        return names, called

    for name in HOSTED:
        monkeypatch.delenv(name, raising=False)
    return run


@pytest.mark.parametrize("folder", [ROOT, ROOT / "benchmarks"], ids=["root", "benchmarks"])
def test_the_set_up_installs_nothing_on_a_workstation(
    folder: Path, set_up: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    names, called = set_up()
    assert names["ROOT"] == ROOT
    assert called == []


@pytest.mark.parametrize("variable", HOSTED)
def test_the_set_up_clones_and_installs_where_it_is_hosted(
    variable: str, set_up: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "1")
    monkeypatch.chdir(tmp_path)
    names, called = set_up("https://example.org/splitlite.git")
    clone, install = called
    assert clone == ["git", "clone", "--depth", "1", "https://example.org/splitlite.git", "splitlite"]
    assert install[:4] == [sys.executable, "-m", "pip", "install"]
    assert install[-1] == str(names["ROOT"]) == str(tmp_path / "splitlite")
    again = set_up("https://example.org/splitlite.git")[1]
    assert again == [install], "what is cloned is not cloned twice"


def test_the_set_up_says_in_one_line_what_is_missing(
    set_up: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match=r"^no checkout of splitlite here; open this notebook from [^\n]+$"):
        set_up()
    monkeypatch.setenv(HOSTED[0], "1")
    with pytest.raises(SystemExit, match=r"^set REPOSITORY [^\n]+$"):
        set_up()


def _small(*cells: str) -> NotebookNode:
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells], metadata={"by": "me"})


def test_the_script_writes_outputs_and_no_metadata_of_the_machine(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook, out = tmp_path / "small.ipynb", tmp_path / "out.ipynb"
    nbformat.write(_small("import os", "print(os.getcwd())"), notebook)
    monkeypatch.setattr(script, "NOTEBOOK", notebook)
    assert script.main(["--out", str(out)]) == 0
    made = nbformat.read(out, as_version=4)
    assert made.cells[1].outputs[0].text.strip() == str(tmp_path)
    assert made.cells[1].metadata == {}
    assert set(made.metadata) == {"kernelspec", "language_info", "splitlite"}
    assert made.metadata.splitlite[script.DIGEST] == script.sources_digest(nbformat.read(notebook, as_version=4))


def test_the_script_says_in_one_line_which_error_a_cell_had_and_writes_nothing(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook = tmp_path / "small.ipynb"
    nbformat.write(_small("raise SystemExit('no data here')"), notebook)
    before = notebook.read_bytes()
    monkeypatch.setattr(script, "NOTEBOOK", notebook)
    assert script.main([]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == f"error: {notebook}: a cell failed: SystemExit: no data here"
    assert notebook.read_bytes() == before


@pytest.mark.slow
def test_the_notebook_runs(
    script: ModuleType, committed: NotebookNode, real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"DATA": "mnist", "EPOCHS": 1, "IMAGES": 100, "FOLDER": tmp_path / "made"}.items():
        monkeypatch.setenv(f"SPLITLITE_WALKTHROUGH_{name}", str(value))
    for name in HOSTED:
        monkeypatch.delenv(name, raising=False)
    notebook = deepcopy(committed)
    for cell in _code(notebook).values():
        cell.outputs, cell.execution_count = [], None
    done = script.executed(notebook, NOTEBOOK.parent)
    _assert_whole(done)
    assert _texts(_code(done)["settings"]) == ["data set mnist, epochs 1, test images 100\n"]
    (run,) = (tmp_path / "made").iterdir()
    assert (run / "models" / "mnist-walkthrough" / "training.json").is_file()
    assert not (ROOT / "models" / "mnist-walkthrough").exists()
