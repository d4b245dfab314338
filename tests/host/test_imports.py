"""Who may import whom (DESIGN: one direction), and what must stay light.

A room is a folder, or a module directly in host/ or device/. Imports of every form and at every depth count, also those
inside functions; only what stands under `if TYPE_CHECKING` does not, since it is never run.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("device", "host")
LONGEST_CHAIN = 10
# A room imports rooms that stand before it, never later ones. Those in one line do not import each other.
ORDER = (
    ("device.errors",),
    ("device.files", "device.statistics", "device.records"),
    ("device.quantization", "device.stream", "device.state"),
    ("device.runtime", "device.colour"),
    ("device.image_file",),
    ("device.outputs",),
    ("device.environment",),
    ("device.inputs",),
    ("device.bundle",),
    ("device.run_file",),
    ("device.pipeline", "device.verdict"),
    ("device.bench", "device.classifier", "device.upscaler"),
    ("device.__main__",),
    (
        "host.errors",
        "host.cache",
        "host.progress",
        "host.interruption",
        "host.quiet",
        "host.invocation",
        "host.drawing",
        "host.svg",
        "host.documents",
    ),
    ("host.metrics", "host.versions", "host.charts"),
    ("host.results", "host.kept_pictures"),
    ("host.timing",),
    ("host.spec",),
    ("host.data",),
    ("host.networks",),
    ("host.training", "host.quantization"),
    ("host.packaging", "host.diagram"),
    ("host.curves", "host.comparison"),
    ("host.tasks",),
    ("host.evaluation",),
    ("host.reporting",),
    ("host.report",),
    ("host.remote",),
    ("host.demo", "host.study"),
    ("host.api",),
    ("host.cli",),
    ("host.__main__",),
)
NO_KERAS = ("evaluation", "comparison", "curves", "reporting", "report")


@lru_cache
def _modules() -> dict[str, Path]:
    """Every module by its name, without the tests."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = list(path.relative_to(ROOT).with_suffix("").parts)
            if "tests" not in parts:
                found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def _room(module: str) -> str:
    parts = module.split(".")
    return ".".join(parts[:2])


def _statements(body: list[ast.stmt]) -> Iterator[ast.Import | ast.ImportFrom]:
    for node in body:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from _statements(node.orelse)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node
        else:
            inner = [each for each in ast.iter_child_nodes(node) if isinstance(each, (ast.stmt, ast.ExceptHandler))]
            for each in inner:
                yield from _statements(each.body if isinstance(each, ast.ExceptHandler) else [each])


def _targets(module: str, path: Path, node: ast.Import | ast.ImportFrom) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    base = node.module or ""
    if node.level:
        package = module if path.name == "__init__.py" else module.rpartition(".")[0]
        above = package.split(".")
        base = ".".join([*above[: len(above) - node.level + 1], *([node.module] if node.module else [])])
    return {f"{base}.{alias.name}" if f"{base}.{alias.name}" in _modules() else base for alias in node.names}


@lru_cache
def _graph() -> dict[str, set[str]]:
    """Module -> the modules of this project that it imports."""
    graph = {}
    for module, path in _modules().items():
        nodes = _statements(ast.parse(path.read_text()).body)
        targets = {target for node in nodes for target in _targets(module, path, node)}
        graph[module] = {target for target in targets if target in _modules() and target != module}
    return graph


@lru_cache
def _rooms() -> dict[str, set[str]]:
    """Room -> the rooms that it imports. The two packages themselves, their __init__.py, are no rooms."""
    rooms: dict[str, set[str]] = {}
    for module, targets in _graph().items():
        others = {_room(target) for target in targets} - {_room(module), *PACKAGES}
        if module not in PACKAGES:
            rooms.setdefault(_room(module), set()).update(others)
    return rooms


def _circle(graph: dict[str, set[str]]) -> list[str]:
    """Some circle in a graph, its first member again at its end; nothing where there is none."""
    done: set[str] = set()

    def walk(node: str, trail: list[str]) -> list[str]:
        if node in trail:
            return [*trail[trail.index(node) :], node]
        if node in done:
            return []
        for other in sorted(graph[node]):
            if found := walk(other, [*trail, node]):
                return found
        done.add(node)
        return []

    return next((found for node in graph if (found := walk(node, []))), [])


def _longest_chain(graph: dict[str, set[str]]) -> list[str]:
    @lru_cache
    def longest(node: str) -> tuple[str, ...]:
        return (node, *max((longest(other) for other in sorted(graph[node])), key=len, default=()))

    return list(max((longest(node) for node in graph), key=len))


@pytest.mark.parametrize("package", PACKAGES)
def test_no_imports_run_in_a_circle(package: str) -> None:
    graph = {
        module: {other for other in targets if other.split(".")[0] == package}
        for module, targets in _graph().items()
        if module.split(".")[0] == package
    }
    assert _circle(graph) == []


def test_no_room_imports_a_later_one_or_one_beside_it() -> None:
    places = {room: index for index, level in enumerate(ORDER) for room in level}
    assert set(_rooms()) - set(places) == set(), "rooms without a place in ORDER"
    wrong = [
        f"{room} imports {other}"
        for room, others in sorted(_rooms().items())
        for other in sorted(others)
        if places[other] >= places[room]
    ]
    assert wrong == []


def test_no_task_imports_another_and_only_the_registry_names_them() -> None:
    tasks = {path.parent.name for path in (ROOT / "host" / "tasks").glob("*/__init__.py")}
    assert tasks >= {"compression", "codec"}
    for module, targets in _graph().items():
        named = {target.split(".")[2] for target in targets if target.startswith("host.tasks.")} & tasks
        if module == "host.tasks":
            assert named == tasks
        elif module.startswith("host.tasks."):
            assert named <= {module.split(".")[2]}, module
        else:
            assert not named, module


def test_nothing_outside_the_tasks_decides_by_the_name_of_one() -> None:
    tasks = {path.parent.name for path in (ROOT / "host" / "tasks").glob("*/__init__.py")}
    for module, path in _modules().items():
        if module.startswith("host.tasks"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            # A column or a key may be called as a task is; what is compared, handed on or kept as a constant may not.
            parts: list[ast.expr | None] = []
            if isinstance(node, ast.Compare):
                parts = [node.left, *node.comparators]
            elif isinstance(node, ast.Call):
                parts = [*node.args, *(keyword.value for keyword in node.keywords)]
            elif isinstance(node, (ast.Assign, ast.AnnAssign)):
                parts = [node.value]
            said = {part.value for part in parts if isinstance(part, ast.Constant)}
            assert not said & tasks, f"{module}, line {getattr(node, 'lineno', 0)}"


def test_a_chain_of_rooms_is_short(capsys: pytest.CaptureFixture[str]) -> None:
    assert _circle(_rooms()) == []
    chain = _longest_chain(_rooms())
    with capsys.disabled():
        print(
            f"\nimports: {len(_modules())} modules in {len(_rooms())} rooms, no circle; the longest chain of rooms has "
            f"{len(chain)} (at most {LONGEST_CHAIN}): {' > '.join(chain)}"
        )
    assert len(chain) <= LONGEST_CHAIN, chain


def test_nobody_imports_the_command_line() -> None:
    importers = {module for module, targets in _graph().items() if any(_room(each) == "host.cli" for each in targets)}
    assert {module for module in importers if _room(module) != "host.cli"} == {"host.__main__"}


@pytest.mark.parametrize("room", NO_KERAS)
def test_what_reads_results_imports_keras_nowhere_at_module_level(room: str) -> None:
    for path in (ROOT / "host" / room).rglob("*.py"):
        heavy: set[str] = set()
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.Import):
                heavy |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                heavy.add(node.module.split(".")[0])
        assert not heavy & {"tensorflow", "tf_keras", "keras"}, path


@pytest.mark.parametrize(
    "modules",
    ["host.cli", "host.evaluation.collect, host.report.report"],
    ids=["command line", "collect and report"],
)
def test_tensorflow_is_not_loaded_by(modules: str) -> None:
    code = f"import sys, {modules}; sys.exit('tensorflow' in sys.modules or 'tf_keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
