"""Who may import whom (DESIGN: one direction), and what must stay light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOST = ROOT / "host"
ORDER = (
    "spec",
    "data",
    "networks",
    "training",
    "quantization",
    "tuning",
    "packaging",
    "evaluation",
    "reporting",
    "cli",
)


def _modules() -> list[Path]:
    return sorted(HOST.rglob("*.py"))


def _room(path: Path) -> str:
    return path.relative_to(HOST).parts[0].removesuffix(".py")


def _imports(path: Path, *, module_level: bool) -> set[str]:
    tree = ast.parse(path.read_text())
    nodes = tree.body if module_level else ast.walk(tree)
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
    return found


@pytest.mark.parametrize("path", _modules(), ids=lambda path: str(path.relative_to(HOST)))
def test_no_room_imports_a_later_one(path: Path) -> None:
    room = _room(path)
    if room not in ORDER:
        return
    rooms = {name.split(".")[1] for name in _imports(path, module_level=True) if name.startswith("host.")}
    later = {other for other in rooms if other in ORDER and ORDER.index(other) > ORDER.index(room)}
    assert not later, f"{room} imports {later}"


@pytest.mark.parametrize("path", _modules(), ids=lambda path: str(path.relative_to(HOST)))
def test_nobody_imports_the_command_line(path: Path) -> None:
    if path.name != "__main__.py":
        assert "host.cli" not in _imports(path, module_level=False)


@pytest.mark.parametrize("room", ["evaluation", "reporting"])
def test_evaluation_and_reporting_import_keras_nowhere_at_module_level(room: str) -> None:
    for path in (HOST / room).glob("*.py"):
        heavy = {name.split(".")[0] for name in _imports(path, module_level=True)}
        assert not heavy & {"tensorflow", "tf_keras", "keras"}, path


def test_the_command_line_does_not_load_tensorflow() -> None:
    code = "import sys, host.cli; sys.exit('tensorflow' in sys.modules or 'tf_keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_collecting_does_not_load_tensorflow() -> None:
    code = "import sys, host.evaluation.collect, host.reporting.report; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
