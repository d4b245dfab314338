"""Reads the sources of a report: a collected run and, for each of its models, the matching evaluation and training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from device.files import read_json
from host.errors import ReportError
from host.metrics import Metric
from host.reporting.rows import merged_rows
from host.results import CollectedRun, Result, Row, read_document

BENCHMARKS = Path(__file__).resolve().parent.parent.parent / "benchmarks"
TEST_SET = "test set"


@dataclass(frozen=True)
class ModelSources:
    """One model of a run.

    Attributes:
        collected: computed from what the device sent.
        evaluation: over the whole test set; None where none belongs to this run.
        match: why it belongs: "tag", "model_sha256" (equal weights, converted elsewhere) or "none".
        evaluation_file: its place below benchmarks/.
        training: training.json; {} where there is none.
        rows: of the final table, see `merged_rows`.
    """

    collected: Result
    evaluation: Result | None
    match: str
    evaluation_file: str | None
    training: Mapping[str, Any]
    rows: tuple[Row, ...]

    @property
    def name(self) -> str:
        return self.collected.model

    @property
    def best(self) -> Result:
        """The evaluation where there is one, else what was collected."""
        return self.evaluation or self.collected

    @property
    def metrics(self) -> tuple[Metric, ...]:
        return self.best.metrics

    @property
    def axis(self) -> Metric | None:
        """The metric of plots, sentences and verdicts; None of a model that is unknown here, which nothing judges."""
        return self.metrics[0] if self.metrics else None

    @property
    def loss(self) -> str | None:
        return self.best.loss or self.collected.loss

    @property
    def other_model(self) -> bool:
        """Whether run and evaluation are of different digests of models/<name>: a tag does not fix the decoders."""
        return self.evaluation is not None and self.evaluation.model_sha256 != self.collected.model_sha256

    def judged(self) -> list[Row]:
        """The rows that were judged by the same images as most; the first of each name.

        Rows that differ in their threads have the same quality. Means of different images have no place beside each
        other in a figure or a sentence.
        """
        rows = [row for row in one_per_name(self.rows) if row.metrics]
        return [row for row in rows if row.source == self.best.source] or rows


@dataclass(frozen=True)
class RunSources:
    """A collected run; `environment` is that of run.json, {} where there is no such file."""

    folder: Path
    run: CollectedRun
    environment: Mapping[str, Any]
    models: tuple[ModelSources, ...]


def one_per_name(rows: Sequence[Row]) -> list[Row]:
    """The first row of each name."""
    return list({row.row: row for row in reversed(rows)}.values())[::-1]


def read_sources(run_folder: Path | None, models: Path, benchmarks: Path = BENCHMARKS) -> RunSources:
    """Reads a collected run and all that belongs to it.

    Args:
        run_folder: a folder with evaluation.json; None for the run below benchmarks/results that was collected last.
        models: the folder of the models, for training.json.
        benchmarks: the folder with results/ and evaluations/.

    Raises:
        ReportError: no such run, or a file that is damaged or of another version.
    """
    folder = find_run(benchmarks / "results") if run_folder is None else run_folder
    path = folder / "evaluation.json"
    if not path.is_file():
        raise ReportError(f"{path}: missing; make it with `host collect {folder}`")
    run = read_document(CollectedRun, path, ReportError)
    if not run.results:
        raise ReportError(f"{path}: holds no results; run the bench and `host collect` again")
    environment = _optional(folder / "run.json").get("environment", {})
    return RunSources(folder, run, environment, tuple(_model(result, models, benchmarks) for result in run.results))


def find_run(results: Path) -> Path:
    """The run that was collected last, over all devices."""
    # A folder that begins with a dot is one that collect has not finished.
    found = [file for file in results.glob("*/*/evaluation.json") if not file.parent.name.startswith(".")]
    if not found:
        raise ReportError(f"{results}: no collected run; make one with `host collect device/results`")
    return max(found, key=lambda file: (file.stat().st_mtime_ns, file.parent.name)).parent


def match_evaluation(result: Result, folder: Path) -> tuple[Path | None, Result | None, str]:
    """The evaluation over the test set that belongs to a collected result.

    Args:
        folder: benchmarks/evaluations.

    Returns:
        (file, evaluation, "tag") where the whole set's tag is equal, or every measured variant's own (a run of some
        variants only has another tag for its set); else (file, evaluation, "model_sha256") where the weights are
        equal; else (None, None, "none").
    """
    files = sorted((folder / result.model).glob("*.json"))
    pairs = [(file, read_document(Result, file, ReportError)) for file in files]
    # Images of other sizes have other times: their quality and these times do not belong in one row.
    pairs = [pair for pair in pairs if pair[1].source == TEST_SET and pair[1].image_shapes == result.image_shapes]
    # The most images first; among equals the order of names, so that the choice does not depend on the file system.
    pairs.sort(key=lambda pair: -pair[1].images)
    for file, found in pairs:
        if found.tag == result.tag:
            return file, found, "tag"
    for file, found in pairs:
        if result.tags and result.tags.items() <= found.tags.items():
            return file, found, "tag"
    for file, found in pairs:
        if found.model_sha256 == result.model_sha256:
            return file, found, "model_sha256"
    return None, None, "none"


def _model(result: Result, models: Path, benchmarks: Path) -> ModelSources:
    file, evaluation, match = match_evaluation(result, benchmarks / "evaluations")
    place = file.relative_to(benchmarks).as_posix() if file else None
    training = _optional(models / result.model / "training.json")
    return ModelSources(result, evaluation, match, place, training, merged_rows(result, evaluation))


def _optional(path: Path) -> dict[str, Any]:
    value = read_json(path, ReportError) if path.is_file() else {}
    return value if isinstance(value, dict) else {}
