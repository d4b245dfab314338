"""The drawing of a model in build/, so that a report shows it without loading Keras."""

from __future__ import annotations

import hashlib
import inspect
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from device.files import sha256_bytes, write_bytes
from host.quiet import load_tensorflow
from host.spec.types import Spec

if TYPE_CHECKING:
    from host.tasks.task import Task

FILE_NAME = "network.svg"

_ROOT = Path(__file__).resolve().parents[2]
# The code that decides a drawing, beside modules of the task's folder: where it changes, models are drawn again.
DECIDING = (
    *("host/diagram/*.py", "host/networks/*.py"),
    *("host/quantization/placement.py", "host/quantization/recipes.py"),
)
_END = re.compile(r"(.*</svg>\n)<!-- source_sha256 ([0-9a-f]{64}) -->\n", re.DOTALL)


def keep_drawing(task: Task, spec: Spec, build: Path) -> str:
    """Draws a model to build/<name>/network.svg, unless nothing that decides the drawing has changed since.

    Keras is loaded only to draw. A model that cannot be drawn has no file then, not one of what it was before.

    Returns:
        Why there is no drawing, in one line; "" where there is one.
    """
    path = build / spec.name / FILE_NAME
    try:
        source = _source_digest(task, spec)
        if _read(path)[1] == source:
            return ""
        load_tensorflow()
        from host.diagram.draw import network_drawing

        drawing = network_drawing(task, spec)
        write_bytes(path, f"{drawing}<!-- source_sha256 {source} -->\n".encode())
    except Exception as error:  # of any kind: a drawing is no reason for an export to fail
        path.unlink(missing_ok=True)
        return " ".join(f"{error or type(error).__name__}".split())
    return ""


def kept_drawing(build: Path, name: str) -> str | None:
    """The text of a model's SVG file, as `network_drawing` made it in the last export; None where there is none."""
    return _read(build / name / FILE_NAME)[0]


def _read(path: Path) -> tuple[str, str] | tuple[None, None]:
    """The drawing, and the digest of what decided it."""
    try:
        found = _END.fullmatch(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return None, None
    return (found[1], found[2]) if found else (None, None)


def _source_digest(task: Task, spec: Spec) -> str:
    own = Path(inspect.getfile(type(task))).parent
    code = sorted({path for pattern in DECIDING for path in _ROOT.glob(pattern)})
    code += [own / f"{name}.py" for name in ("task", "spec", *task.exported_by)]
    # As parsed: defaults that the spec does not write count too. Where it lies does not.
    parts = [repr(replace(spec, file=Path()))] + [sha256_bytes(path.read_bytes()) for path in code]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
