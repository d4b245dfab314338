"""What a study found: the rows of every trial's evaluation, and over the seeds of each cell means and intervals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from device.files import read_json
from device.records import as_json
from host.documents import read_versioned
from host.errors import ModelError, StudyError
from host.metrics import Metric
from host.quantization.placement import Placement, by_layer, placement
from host.quantization.recipes import recipes
from host.reporting.training import Record, stages
from host.results import Latency, Result, read_document
from host.spec.model_folder import ModelFolder
from host.spec.reader import offer
from host.study.intervals import CONFIDENCE, Spread, spread
from host.study.study_file import Study
from host.study.trials import Trial
from host.tasks import open_spec

FORMAT_VERSION = 1


@dataclass(frozen=True)
class TrialRow:
    """One row of one trial's evaluation; the keys are those of `host.results.Row`.

    Attributes:
        latency: of one whole encode, measured when all trials were done; None where nothing is encoded.
        types: layer -> the type that it computes in; {} where the spec treats all layers alike.
        trained: the layers that were trained with fake quantization; () likewise.
    """

    row: str
    variant: str | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    sizes: Mapping[str, float] = field(default_factory=dict)
    latency: Latency | None = None
    types: Mapping[str, str] = field(default_factory=dict)
    trained: tuple[str, ...] = ()


@dataclass(frozen=True)
class Curve:
    """A stage's validation: the first metric, in floating point or with fake quantization as the stage computes.

    Attributes:
        epochs: those that were validated, from 1.
        values: after each of them.
    """

    stage: str
    epochs: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True)
class TrialResult:
    """One finished trial.

    Attributes:
        digest: of its spec, its stages and what it started from.
        dataset: the name of the data set, as the spec has it; `data_sha256` is of its images.
        images: of the test set.
        epochs, seconds: of the stages that were trained in it. Trials that ran at the same time slow each other down.
        curves: of the stages that were validated, in the spec's order.
    """

    model: str
    cell: str
    seed: int
    digest: str
    spec_sha256: str
    dataset: str
    data_sha256: str
    images: int
    tags: Mapping[str, str]
    epochs: int
    seconds: float
    rows: tuple[TrialRow, ...]
    curves: tuple[Curve, ...] = ()


@dataclass(frozen=True)
class CellRow:
    """One row of one cell of one model, over the seeds; each `Spread` has a value a seed.

    Attributes:
        drop: by how much the first metric is worse than in the reference, paired by seed; None of the reference.
        reference: the row of the same cell that this one is compared with: the first, or what the study names.
        against: the first metric less that of the same row in the model's first cell, paired by seed; None there.
        latency_ms: of the medians.
    """

    model: str
    cell: str
    row: str
    seeds: tuple[int, ...]
    metrics: Mapping[str, Spread]
    sizes: Mapping[str, Spread]
    epochs: Spread
    seconds: Spread
    drop: Spread | None = None
    reference: str | None = None
    against: Spread | None = None
    latency_ms: Spread | None = None


@dataclass(frozen=True, kw_only=True)
class StudyResult:
    """A study's results file.

    Attributes:
        metrics: by model; the first one judges.
        tasks: by model.
        missing: names of the trials that are not finished.
        load_average: of the machine when the latencies were measured.
        environment: of that machine.
    """

    study: str
    description: str = ""
    made_at: str
    confidence: float = CONFIDENCE
    metrics: Mapping[str, tuple[Metric, ...]]
    tasks: Mapping[str, str]
    rows: tuple[CellRow, ...]
    trials: tuple[TrialResult, ...]
    missing: tuple[str, ...] = ()
    load_average: float | None = None
    environment: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)


def read_result(path: Path) -> StudyResult:
    """A study's results file; raises StudyError where it is missing, damaged or of another version."""
    return read_versioned(StudyResult, path, FORMAT_VERSION, "study's results", StudyError)


def read_evaluations(study: Study, trials: Iterable[Trial]) -> dict[str, Result]:
    """The evaluations of finished trials by name, each with the rows that the study wants, in its order.

    Raises:
        StudyError: no trial has a row that the study wants or compares with.
    """
    found = {trial.name: read_document(Result, trial.evaluation, ModelError) for trial in trials}
    known = list(dict.fromkeys(row.row for result in found.values() for row in result.rows))
    wanted = {f"rows[{index}]": name for index, name in enumerate(study.rows)}
    wanted |= {f"references.{pattern}": name for pattern, name in study.references.items()}
    for path, name in wanted.items():
        if known and name not in known:
            raise StudyError(f"{study.file}: $.{path}: no evaluation has a row {name}; {offer(name, known)}")
    for pattern in study.references:
        if known and not any(fnmatchcase(name, pattern) for name in known):
            raise StudyError(f"{study.file}: $.references.{pattern}: matches no row; {offer(pattern, known)}")
    chosen = {}
    for name, result in found.items():
        rows = {row.row: row for row in result.rows}
        chosen[name] = replace(result, rows=tuple(rows[each] for each in study.rows or rows if each in rows))
    return chosen


def trial_result(trial: Trial, result: Result, latency: Mapping[str, Latency]) -> TrialResult:
    """A finished trial's numbers.

    Args:
        latency: by variant.
    """
    done = trial.finished()
    assert done is not None
    _, spec = open_spec(trial.model, trial.models, {})
    known = recipes(spec) if by_layer(spec) else {}
    rows = []
    for row in result.rows:
        if not row.error:
            found = placement(spec, known[row.row]) if row.row in known else Placement()
            time = latency.get(row.variant or "")
            rows.append(TrialRow(row.row, row.variant, row.metrics, row.sizes, time, found.types, found.trained))
    return TrialResult(
        *trial.key,
        digest=trial.digest,
        spec_sha256=result.spec_sha256,
        dataset=trial.spec["data"]["dataset"],
        data_sha256=result.data_sha256 or "",
        images=result.images,
        tags=result.tags,
        epochs=done["epochs"],
        seconds=done["seconds"],
        rows=tuple(rows),
        curves=_curves(read_json(ModelFolder(spec).training, ModelError), spec.training.stages, result.metrics[0].key),
    )


def _curves(training: Record, names: Iterable[str], key: str) -> tuple[Curve, ...]:
    """The values of a metric, of stages in the order of `names`: a training.json has them by name."""
    order = list(names)
    records = [(name, record) for found in stages(training) for name, record in found.items() if name in order]
    curves = []
    for name, record in sorted(records, key=lambda each: order.index(each[0])):
        known = [
            (row["epoch"], row["validation"][key]) for row in record["history"] if key in row.get("validation", {})
        ]
        if known:
            epochs, values = zip(*known, strict=True)
            curves.append(Curve(name, epochs, values))
    return tuple(curves)


def as_document(found: StudyResult) -> dict[str, Any]:
    """What the results file holds, and `read_result` reads."""
    return {"format_version": FORMAT_VERSION, **as_json(found)}


def cell_rows(
    trials: Sequence[TrialResult], metrics: Mapping[str, Sequence[Metric]], references: Mapping[str, str] | None = None
) -> tuple[CellRow, ...]:
    """Every row of every cell over its seeds.

    Args:
        metrics: by model.
        references: row's name or pattern -> the row that it is compared with; others are with the first.
    """
    found: list[CellRow] = []
    cells: dict[tuple[str, str], list[TrialResult]] = {}
    for trial in trials:
        cells.setdefault((trial.model, trial.cell), []).append(trial)
    for (model, cell), some in cells.items():
        first_cell = next(others for (name, _), others in cells.items() if name == model)
        names = list(dict.fromkeys(row.row for trial in some for row in trial.rows))
        for name in names:
            reference = _reference(name, names[0], references or {})
            found.append(_cell_row(model, cell, name, reference, some, first_cell, metrics[model]))
    return tuple(found)


def _reference(row: str, first: str, references: Mapping[str, str]) -> str:
    """What a row is compared with: the last pattern that matches says."""
    named = [name for pattern, name in references.items() if fnmatchcase(row, pattern) and name != row]
    return named[-1] if named else first


def _cell_row(
    model: str,
    cell: str,
    name: str,
    reference: str,
    trials: Sequence[TrialResult],
    first_cell: Sequence[TrialResult],
    metrics: Sequence[Metric],
) -> CellRow:
    having = [(trial, row) for trial in trials for row in trial.rows if row.row == name]
    rows = [row for _, row in having]
    key, sign = metrics[0].key, 1 if metrics[0].higher_is_better else -1
    own = {trial.seed: row.metrics[key] for trial, row in having if key in row.metrics}
    first = {trial.seed: row.metrics.get(key) for trial in trials for row in trial.rows if row.row == reference != name}
    before = {
        trial.seed: row.metrics.get(key)
        for trial in first_cell
        for row in trial.rows
        if trial.cell != cell and row.row == name
    }
    times = [row.latency.median_ns / 1e6 for row in rows if row.latency]
    drop, against = _differences(first, own), _differences(own, before)
    return CellRow(
        model,
        cell,
        name,
        tuple(trial.seed for trial, _ in having),
        metrics=_spreads([row.metrics for row in rows]),
        sizes=_spreads([row.sizes for row in rows]),
        epochs=spread([float(trial.epochs) for trial, _ in having]),
        seconds=spread([trial.seconds for trial, _ in having]),
        drop=spread([sign * each for each in drop]) if drop else None,
        reference=reference if drop else None,
        against=spread(against) if against else None,
        latency_ms=spread(times) if len(times) == len(rows) else None,
    )


def _differences(left: Mapping[int, float | None], right: Mapping[int, float | None]) -> list[float]:
    """Left less right of the seeds that both have."""
    return [
        value - other for seed, value in left.items() if value is not None and (other := right.get(seed)) is not None
    ]


def _spreads(values: Sequence[Mapping[str, float]]) -> dict[str, Spread]:
    """Over mappings of one key each; what one lacks is left out."""
    return {key: spread([each[key] for each in values]) for key in values[0] if all(key in each for each in values)}
