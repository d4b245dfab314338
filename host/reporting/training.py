"""The trainings of a model as rows: epochs and wall time of each stage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from host.reporting.sources import Json, number


@dataclass(frozen=True)
class TrainingRow:
    """One training; `validation_psnr_db` is that of the best epoch, whose weights were kept."""

    stage: str
    epochs: int | None
    best_epoch: int | None
    seconds: float | None
    validation_psnr_db: float | None


def training_rows(training: Json) -> list[TrainingRow]:
    """The stages in their order, with the control of QAT and every tuned decoder; none without training.json."""
    return [_row(name, stage) for name, stage in stages(training)]


def find_stage(training: Json, *path: str) -> Json:
    """A stage's record by its keys below "stages"; {} where it is absent."""
    value = training.get("stages", {})
    for key in path:
        value = value.get(key, {}) if isinstance(value, dict) else {}
    return value if isinstance(value, dict) else {}


def minutes(seconds: float) -> str:
    """Wall time for people: seconds below two minutes, minutes below two hours, hours above."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def stages(training: Json) -> Iterator[tuple[str, Json]]:
    """The records of a training.json's stages in their order, the control's and each tuned decoder's among them."""
    found = training.get("stages", {})
    if "float" in found:
        yield "float", found["float"]
    if "qat" in found:
        yield "qat", found["qat"]
        if "control" in found["qat"]:
            yield "control (float continued)", found["qat"]["control"]
    for variant, stage in found.get("tune", {}).items():
        if isinstance(stage, dict) and "epochs" in stage:  # beside them: spec_sha256, wall_seconds
            yield f"tune, decoder for {variant}", stage


def _row(name: str, stage: Json) -> TrainingRow:
    epochs, best = number(stage, "epochs"), number(stage, "best_epoch")
    history = {entry.get("epoch"): entry for entry in stage.get("history", ())}
    return TrainingRow(
        name,
        None if epochs is None else int(epochs),
        None if best is None else int(best),
        number(stage, "seconds"),
        number(history.get(best, {}), "validation_psnr_db"),
    )
