"""What a report reads: a collected run and, for each of its models, the evaluation and the training that belong."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from device.files import check_version, read_json
from host.errors import ReportError

Json = dict[str, Any]

BENCHMARKS = Path(__file__).resolve().parent.parent.parent / "benchmarks"
FORMAT_VERSION = 2  # of evaluation.json and of benchmarks/evaluations/<model>/<codec tag>.json; see evaluation/rows.py


@dataclass(frozen=True)
class ModelSources:
    """One model of a run.

    Attributes:
        collected: the run's RESULT, computed from what the device sent.
        evaluation: the RESULT over the whole test set; None where none belongs to this run.
        match: why it belongs: "codec_tag", "model_sha256" (equal weights, converted elsewhere) or "none".
        evaluation_file: its place below benchmarks/.
        training: training.json; {} where there is none.
        loss: "mse", "mae" or None where nothing says it.
    """

    name: str
    collected: Json
    evaluation: Json | None
    match: str
    evaluation_file: str | None
    training: Json
    loss: str | None

    @property
    def other_model(self) -> bool:
        """Whether run and evaluation name different digests of models/<name>: decoders are not in the codec tag."""
        digests = {(self.evaluation or {}).get("model_sha256"), self.collected.get("model_sha256")} - {None}
        return len(digests) == 2


@dataclass(frozen=True)
class RunSources:
    """A collected run; `environment` is that of run.json, {} where it cannot be read."""

    folder: Path
    run: Json
    environment: Json
    models: tuple[ModelSources, ...]


def number(value: object, *path: str) -> float | None:
    """The finite number at a path of keys; None where it is absent, no number, NaN or infinite."""
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return value


def thread_counts(run: Json) -> list[int]:
    """The numbers of threads of a collected run; one of version 1 had a single one."""
    threads = run.get("threads") or []
    return threads if isinstance(threads, list) else [threads]


def read_sources(run_folder: Path | None, models: Path, benchmarks: Path = BENCHMARKS) -> RunSources:
    """Reads a collected run and all that belongs to it.

    Args:
        run_folder: a folder with evaluation.json; None for the newest below benchmarks/results.
        models: the folder of the models, for training.json and spec.json.
        benchmarks: the folder with results/ and evaluations/.

    Raises:
        ReportError: no such run, or a file that is damaged or of another version.
    """
    folder = find_run(benchmarks / "results") if run_folder is None else run_folder
    path = folder / "evaluation.json"
    if not path.is_file():
        raise ReportError(f"{path}: missing; make it with `host collect {folder}`")
    run = _read_versioned(path)
    if run.get("emulated"):
        _mark_emulated(run)
    if not run.get("results"):
        raise ReportError(f"{path}: holds no results; run the bench and `host collect` again")
    file = folder / "run.json"
    environment = read_json(file, ReportError).get("environment", {}) if file.is_file() else {}
    return RunSources(folder, run, environment, tuple(_model(result, models, benchmarks) for result in run["results"]))


def find_run(results: Path) -> Path:
    """The newest collected run over all devices; run ids begin with their time, so the greatest name is the newest."""
    # A folder that begins with a dot is one that collect has not finished.
    found = [file.parent for file in results.glob("*/*/evaluation.json") if not file.parent.name.startswith(".")]
    if not found:
        raise ReportError(f"{results}: no collected run; make one with `host collect device/results`")
    return max(found, key=lambda folder: (folder.name, folder.parent.name))


def match_evaluation(result: Json, folder: Path) -> tuple[Path | None, Json | None, str]:
    """The evaluation that belongs to a collected result.

    Args:
        result: a RESULT of the run.
        folder: benchmarks/evaluations.

    Returns:
        (file, evaluation, "codec_tag") where the whole set's tag is equal, or every measured variant's own
        (a run of some variants only has another tag for its set); else (file, evaluation, "model_sha256") where the
        weights are equal; else (None, None, "none").
    """
    files = sorted((folder / result["model"]).glob("*.json"))
    candidates = [(file, _read_evaluation(file)) for file in files]
    # The most images first; among equals the order of names, so that the choice does not depend on the file system.
    candidates.sort(key=lambda pair: -(number(pair[1], "images") or 0))
    candidates = [
        (file, found) for file, found in candidates if "folder" not in found
    ]  # those are of the user's own images
    tag, digest = result.get("codec_tag"), result.get("model_sha256")
    for file, evaluation in candidates:
        if tag is not None and evaluation.get("codec_tag") == tag:
            return file, evaluation, "codec_tag"
    own = _row_tags(result["rows"])
    for file, evaluation in candidates:
        if own and own.items() <= _row_tags(evaluation["rows"]).items():
            return file, evaluation, "codec_tag"
    for file, evaluation in candidates:
        if digest is not None and evaluation.get("model_sha256") == digest:
            return file, evaluation, "model_sha256"
    return None, None, "none"


def _mark_emulated(run: Json) -> None:
    # Version 1 said it of the run only, not beside each time.
    for row in (row for result in run.get("results", ()) for row in result["rows"]):
        if "encoder" in row.get("latency", {}):
            row["latency"]["encoder"].setdefault("emulated", run["emulated"])


def _row_tags(rows: Sequence[Json]) -> dict[str, str]:
    return {row["variant"]: row["codec_tag"] for row in rows if row.get("variant") and row.get("codec_tag")}


def _model(result: Json, models: Path, benchmarks: Path) -> ModelSources:
    name = result["model"]
    file, evaluation, match = match_evaluation(result, benchmarks / "evaluations")
    training, spec = (_optional(models / name / key) for key in ("training.json", "spec.json"))
    loss = (evaluation or {}).get("loss") or spec.get("training", {}).get("loss")
    place = file.relative_to(benchmarks).as_posix() if file else None
    return ModelSources(name, result, evaluation, match, place, training, loss)


def _optional(path: Path) -> Json:
    return read_json(path, ReportError) if path.is_file() else {}


def _read_evaluation(path: Path) -> Json:
    value = _read_versioned(path)
    if not isinstance(value.get("rows"), list):
        raise ReportError(f"{path}: no evaluation of a model, it has no rows; move it away, or `host evaluate` again")
    return value


def _read_versioned(path: Path) -> Json:
    value: Json = read_json(path, ReportError)
    found = value.get("format_version") if isinstance(value, dict) else None
    check_version(found, FORMAT_VERSION, "evaluation", path, ReportError)
    return value
