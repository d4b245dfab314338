"""The registry of tasks: what a model may be made for. Importing it does not import TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from host.errors import SpecError
from host.spec.models import MODELS, list_models, spec_file
from host.spec.parsing import parse_spec, read_spec
from host.spec.reader import Reader
from host.spec.types import Spec
from host.tasks.classification.task import ClassificationTask
from host.tasks.codec.task import CodecTask
from host.tasks.compression.task import CompressionTask
from host.tasks.super_resolution.task import SuperResolutionTask

if TYPE_CHECKING:
    from host.tasks.task import Task

__all__ = ["MODELS", "TASKS", "list_models", "open_spec", "task_named"]

TASKS: dict[str, Task] = {
    "compression": CompressionTask(),
    "codec": CodecTask(),
    "classification": ClassificationTask(),
    "super_resolution": SuperResolutionTask(),
}


def task_named(name: str) -> Task:
    """The task of a name, such as a bundle or a run holds it; raises SpecError."""
    if name not in TASKS:
        raise SpecError(f"{name}: no such task; available: {', '.join(TASKS)}")
    return TASKS[name]


def open_spec(
    model: str | Path, models: Path = MODELS, overrides: Mapping[str, Any] | None = None
) -> tuple[Task, Spec]:
    """Reads and checks a model's spec.

    Args:
        model: its name, the path to its folder, or the path to a spec's file.
        models: the folder in which names are looked up.
        overrides: values by JSON path that stand in for the file's; None: those that training.json records.

    Raises:
        ModelError: no such model; the line lists those there are.
        SpecError: one line with the JSON path.
    """
    file = spec_file(model, models)
    value = read_spec(file, overrides)
    task = TASKS[Reader(value, "$", file).choose("task", tuple(TASKS))]
    return task, parse_spec(value, file, task.sections)
