"""The trainings of a model as rows: epochs and wall time of each stage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from device.files import read_json
from device.records import from_json
from host.errors import ReportError

Record = Mapping[str, Any]


@dataclass(frozen=True)
class TrainingRow:
    """One training; `validation` has the metrics of the best epoch, whose weights were kept, by key."""

    stage: str
    epochs: int | None
    best_epoch: int | None
    seconds: float | None
    validation: Mapping[str, float]


@dataclass(frozen=True)
class _Epoch:
    epoch: int
    loss: float | None = None
    validation_loss: float | None = None
    validation: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class _Training:
    """What this module and those who use its records read of one training."""

    history: tuple[_Epoch, ...]
    epochs: int | None = None
    best_epoch: int | None = None
    seconds: float | None = None


def read_training(path: Path) -> Record:
    """A model's training.json, checked.

    Raises:
        ReportError: missing, damaged, or not what `host train` writes.
    """
    value = read_json(path, ReportError)
    found = value.get("stages", {}) if isinstance(value, dict) else None
    if not isinstance(found, dict) or not all(isinstance(stage, dict) for stage in found.values()):
        raise ReportError(f"{path}: no stages of a training; damaged, copy it again or train the model again")
    for records in stages(value):
        for name, record in records.items():
            from_json(_Training, record, f"{path}: {name}", ReportError)
    return value


def training_rows(training: Record) -> list[TrainingRow]:
    """The stages in their order, with the trainings within a stage; none without training.json."""
    return [_row(name, record) for records in stages(training) for name, record in records.items()]


def stages(training: Record) -> Iterator[dict[str, Record]]:
    """The trainings of each stage by name: its own, and those within it, such as one for each tuned decoder."""
    for name, stage in training.get("stages", {}).items():
        records = {name: stage} if "history" in stage else {}
        for key, part in stage.items():
            if isinstance(part, Mapping) and "history" in part:
                records[f"{name}, {key}"] = part
        if records:
            yield records


def find_record(training: Record, name: str) -> Record:
    """A training by its name in `training_rows`; {} where it is absent."""
    return next((records[name] for records in stages(training) if name in records), {})


def minutes(seconds: float) -> str:
    """Wall time for people: seconds below two minutes, minutes below two hours, hours above."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _row(name: str, record: Record) -> TrainingRow:
    best = record.get("best_epoch")
    by_epoch = {entry.get("epoch"): entry for entry in record["history"]}
    validation = by_epoch.get(best, {}).get("validation", {})
    return TrainingRow(name, record.get("epochs"), best, record.get("seconds"), validation)
