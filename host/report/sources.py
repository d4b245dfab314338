"""Reads what a report is made of: collected runs, evaluations, trainings, diagnoses, curves and drawings."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from device.errors import SplitliteError
from device.files import plain_name
from host.errors import ReportError
from host.metrics import BPP, Metric
from host.quantization.diagnosis.kept import read_diagnosis
from host.quantization.diagnosis.result import Diagnosis
from host.report.entries import RESULT, Entry, Evaluated, Measured, StoredRun, make_entries
from host.report.places import Place
from host.reporting.training import Record, read_training
from host.results import CollectedRun, Result, read_document

ROOT = Path(__file__).resolve().parent.parent.parent
TEST_SET = "test set"
_MOST_DIGITS = 9


@dataclass(frozen=True)
class Folders:
    """Where everything lies.

    Attributes:
        models: for training.json.
        benchmarks: with results/, evaluations/, diagnoses/, curves/ and published/.
        build: where `host export` leaves drawings.
    """

    models: Path = ROOT / "models"
    benchmarks: Path = ROOT / "benchmarks"
    build: Path = ROOT / "build"


@dataclass(frozen=True)
class ModelSources:
    """One model in one state: that of its newest run, or, where it never ran, of its evaluation.

    Attributes:
        runs: that measured it in this state, the newest first.
        evaluation: over the whole test set; None where none belongs to this state.
        others: evaluations of this state on other images, such as a folder's.
        entries: its rows.
        training: training.json; {} where there is none.
        diagnoses: of this state, by variant.
        other_runs: how many runs measured another state of it; nothing of them is shown.
    """

    name: str
    runs: tuple[Measured, ...]
    evaluation: Evaluated | None
    others: tuple[Evaluated, ...]
    entries: tuple[Entry, ...]
    training: Record = field(default_factory=dict)
    diagnoses: Mapping[str, Diagnosis] = field(default_factory=dict)
    other_runs: int = 0

    @property
    def best(self) -> Result:
        """The evaluation where there is one, else the newest run's."""
        return self.evaluation.result if self.evaluation else self.runs[0].result

    @property
    def metrics(self) -> tuple[Metric, ...]:
        return self.best.metrics

    @property
    def judging(self) -> tuple[Metric, ...]:
        """The metrics that judge: all but the rate."""
        return tuple(metric for metric in self.metrics if metric.key != BPP.key)

    @property
    def axis(self) -> Metric | None:
        """The metric of figures, sentences and verdicts; None of a model that is unknown here, which nothing judges."""
        return self.metrics[0] if self.metrics else None

    @property
    def loss(self) -> str | None:
        return self.best.loss or next((each.result.loss for each in self.runs if each.result.loss), None)

    @property
    def places(self) -> tuple[Place, ...]:
        """Where it was timed: the device that ran it last first, emulated ones and `host evaluate` at the end."""
        found = dict.fromkeys(place for entry in self.entries if entry.is_variant for place in entry.times)
        newest = {place: max(self._started(place), default="") for place in found}
        places = sorted(found, key=lambda place: newest[place], reverse=True)
        return tuple(sorted(places, key=lambda place: (place.emulated is not None, not place.bench)))

    def judged(self) -> list[Entry]:
        """The entries that were judged by the same images as most.

        Means of different images have no place beside each other in a figure or a sentence.
        """
        if (metric := self.axis) is None:
            return []
        found = [entry for entry in self.entries if metric.key in entry.row.metrics]
        best = self.best.source, self.best.images, self.best.image_shapes
        return [entry for entry in found if entry.judged_on == best] or found

    def _started(self, place: Place) -> list[str]:
        times = [entry.times[place] for entry in self.entries if place in entry.times]
        return [time.run.run.started_at for time in times if time.run]


@dataclass(frozen=True)
class Sources:
    """All models, by name; `left_out`: files that could not be read, one line each."""

    folders: Folders
    models: tuple[ModelSources, ...]
    runs: tuple[StoredRun, ...]
    left_out: tuple[str, ...] = ()


def read_sources(folders: Folders, runs: Sequence[str] = (), names: Sequence[str] = ()) -> Sources:
    """Reads everything that was collected and evaluated.

    Args:
        runs: ids or folders of runs; only these, and only their models. () for all.
        names: of models; () for all.

    Raises:
        ReportError: nothing there, a run or model that is not, or a run or evaluation that was asked for and cannot be
            read. Among all, such a file is left out and said to be.
    """
    left_out: list[str] = []
    stored = _asked_runs(runs, folders) if runs else _all_runs(folders.benchmarks / "results", left_out)
    stored = sorted(stored, key=lambda each: (each.run.started_at, each.run.run_id), reverse=True)
    by_model: dict[str, list[Measured]] = {}
    for each in stored:
        for result in each.run.results:
            by_model.setdefault(result.model, []).append(Measured(each, result))
    evaluations = folders.benchmarks / "evaluations"
    known = set(by_model)
    if not runs:
        known |= {file.parent.name for file in evaluations.glob("*/*.json")}
    _check_names(names, known, folders)
    models = []
    for name in sorted(set(names) or known):
        found = _read_evaluations(evaluations / name, left_out, asked=name in names)
        if model := _model(name, by_model.get(name, []), found, folders, left_out):
            models.append(model)
    if not models:
        raise ReportError(
            f"{folders.benchmarks}: nothing collected and nothing evaluated; "
            "run `host collect device/results` or `host evaluate` first"
        )
    shown = {each.stored.folder for model in models for each in model.runs}
    return Sources(folders, tuple(models), tuple(each for each in stored if each.folder in shown), tuple(left_out))


def match_evaluation(result: Result, found: Sequence[Evaluated]) -> Evaluated | None:
    """The evaluation over the test set that belongs to a collected result; None where none does.

    The whole set's tag is equal, or every measured variant's own (a run of some variants only has another tag for its
    set); else the weights are.
    """
    fitting = [each for each in found if each.result.source == TEST_SET]
    # Images of the sizes that were timed, then the most images; among equals the order of names, so that the choice
    # does not depend on the file system.
    fitting.sort(key=lambda each: (each.result.image_shapes != result.image_shapes, -each.result.images))
    for each in fitting:
        if each.result.tag == result.tag:
            return each
    for each in fitting:
        if result.tags and result.tags.items() <= each.result.tags.items():
            return each
    for each in fitting:
        if each.result.model_sha256 == result.model_sha256:
            return replace(each, match="model_sha256")
    return None


def _model(
    name: str, measured: Sequence[Measured], found: Sequence[Evaluated], folders: Folders, left_out: list[str]
) -> ModelSources | None:
    if measured:
        newest = measured[0].result
        evaluation = match_evaluation(newest, found)
        tags = dict(evaluation.result.tags if evaluation and evaluation.match == "tag" else newest.tags)
        sha256 = newest.model_sha256
        # The newest run may have measured some variants only; of the same weights the others are of this state too.
        for each in measured:
            if each.result.model_sha256 == sha256:
                tags = {**each.result.tags, **tags}
        runs = tuple(_of_state(each, {**tags, **newest.tags}) for each in measured)
    else:
        # Never ran: the evaluation with the most images; among equals the last name.
        tested = sorted((each for each in found if each.result.source == TEST_SET), key=lambda each: each.result.images)
        evaluation = tested[-1] if tested else found[-1] if found else None
        if evaluation is None:
            return None
        tags, sha256, runs = dict(evaluation.result.tags), evaluation.result.model_sha256, ()
    others = [each for each in found if each is not evaluation and each.result.source != TEST_SET]
    others = [each for each in others if each.result.model_sha256 == sha256 or each.result.tags == tags]
    same = tuple(each for each in runs if each.result.rows)
    if not same and evaluation is None:
        left_out.append(f"{measured[0].stored.folder / RESULT}: holds no variant of {name}")
        return None
    return ModelSources(
        name=name,
        runs=same,
        evaluation=evaluation,
        others=tuple(others),
        entries=make_entries(same, evaluation),
        diagnoses=_diagnoses(folders.benchmarks / "diagnoses" / name, sha256, left_out),
        training=_training(folders.models / name / "training.json", left_out),
        other_runs=len(runs) - len(same),
    )


def _of_state(measured: Measured, tags: Mapping[str, str]) -> Measured:
    """A model in a run without the variants whose tag is another: another state of the model made those."""
    own = measured.result.tags
    rows = [row for row in measured.result.rows if row.variant is None or tags.get(row.variant) == own.get(row.variant)]
    kept = tuple(rows) if any(row.variant for row in rows) else ()
    return replace(measured, result=replace(measured.result, rows=kept))


def _all_runs(results: Path, left_out: list[str]) -> list[StoredRun]:
    found = []
    for file in sorted(results.glob(f"*/*/{RESULT}")):
        # A folder that begins with a dot is one that collect has not finished.
        if not file.parent.name.startswith("."):
            try:
                found.append(_read_run(file))
            except ReportError as error:
                left_out.append(str(error))
    return found


def _asked_runs(names: Sequence[str], folders: Folders) -> list[StoredRun]:
    results = folders.benchmarks / "results"
    found = {folder.resolve(): folder for folder in (_find_run(name, results) for name in names)}
    return [_read_run(folder / RESULT) for folder in found.values()]


def _find_run(name: str, results: Path) -> Path:
    if (Path(name) / RESULT).is_file():
        return Path(name)
    if (Path(name) / "run.json").is_file():
        raise ReportError(f"{name}: not judged yet; run `host collect {name}`")
    # Compared with names and not used as a pattern, so that "*" is nobody's id.
    if found := [file.parent for file in sorted(results.glob(f"*/*/{RESULT}")) if file.parent.name == name]:
        return found[0]
    raise ReportError(f"{name}: no such run; expected the id or the folder of a run below {results}")


def _read_run(file: Path) -> StoredRun:
    run = read_document(CollectedRun, file, ReportError)
    if not run.results:
        raise ReportError(f"{file}: holds no results; run the bench and `host collect` again")
    for result in run.results:
        plain_name(result.model, f"{file}: model", ReportError)  # it becomes a part of paths
        _check_digits(result, file)
    return StoredRun(file.parent, run)


def _check_digits(result: Result, file: Path) -> None:
    for metric in result.metrics:
        if not 0 <= metric.digits <= _MOST_DIGITS:
            raise ReportError(
                f"{file}: {metric.key}: {metric.digits} digits; expected 0 to {_MOST_DIGITS}; make it again"
            )


def _read_evaluations(folder: Path, left_out: list[str], *, asked: bool) -> list[Evaluated]:
    found = []
    for file in sorted(folder.glob("*.json")):
        try:
            result = read_document(Result, file, ReportError)
            _check_digits(result, file)
            found.append(Evaluated(file, result))
        except ReportError as error:
            if asked:
                raise
            left_out.append(str(error))
    return found


def _training(path: Path, left_out: list[str]) -> Record:
    if not path.is_file():
        return {}
    try:
        return read_training(path)
    except ReportError as error:
        left_out.append(str(error))
        return {}


def _diagnoses(folder: Path, model_sha256: str, left_out: list[str]) -> dict[str, Diagnosis]:
    found = {}
    for file in sorted(folder.glob("*.json")):
        try:
            diagnosis = read_diagnosis(file)
        except SplitliteError as error:
            left_out.append(str(error))
            continue
        if diagnosis.model_sha256 == model_sha256:
            found[diagnosis.variant] = diagnosis
    return found


def _check_names(names: Sequence[str], known: Collection[str], folders: Folders) -> None:
    if unknown := [name for name in names if name not in known]:
        raise ReportError(
            f"{', '.join(unknown)}: neither collected nor evaluated; there {'is' if len(known) == 1 else 'are'}: "
            f"{', '.join(sorted(known)) or f'nothing in {folders.benchmarks}'}"
        )
