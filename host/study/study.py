"""Carries out a study: trials, then latencies, then the results file and the charts."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

from device.environment import read_environment
from device.files import write_bytes, write_json
from device.runtime import load_runtime
from host.errors import StudyError
from host.packaging.decoders import BUILD
from host.study.latencies import Measured, measure
from host.study.results import StudyResult, as_document, cell_rows, read_evaluations, trial_result
from host.study.schedule import cores, run_trials
from host.study.study_file import Study, read_study
from host.study.trials import Trial, plan
from host.study.worker import Setting
from host.versions import versions

STUDIES = Path(__file__).resolve().parents[2] / "benchmarks" / "studies"
RESULTS = STUDIES / "results"
WORK = BUILD / "studies"
_ENVIRONMENT = ("board", "cpu_model", "cores", "governor", "kernel", "machine", "python", "runtime", "runtime_version")


def run_study(
    file: Path,
    setting: Setting,
    *,
    jobs: int | None = None,
    only_finished: bool = False,
    again: bool = False,
    work: Path = WORK,
    out: Path = RESULTS,
) -> tuple[StudyResult, list[Path]]:
    """Trains and evaluates what is left of a study, and writes what it found.

    Args:
        file: of the study; the name of one in benchmarks/studies will do.
        jobs: trials at a time; None: one for each core, or one where a strategy shares each.
        only_finished: train nothing; take the trials that are finished.
        again: export, evaluate and time finished trials again; not together with `only_finished`.
        work: the folder of the trials.
        out: the folder of the results.

    Returns:
        What was found, and the files that were written: the results, then the charts.

    Raises:
        SpecError: something in the file is wrong; said before anything is trained.
        StudyError: a trial failed, or none is finished, or the results would overwrite the study's file.
    """
    study = read_study(_study_file(file), setting.models)
    results = out / f"{study.name}.json"
    if results.resolve() == study.file.resolve():
        raise StudyError(f"{study.file}: the results would overwrite the study itself; give another --out")
    trials = plan(study, setting.models, work)
    with _at_work(work / study.name / "lock") as alone:
        if not (alone or only_finished):
            raise StudyError(f"{study.file}: another process is at work on this study; wait for it, or give --finished")
        latencies = work / study.name / "latency.json"
        for path in [latencies, *(trial.folder / "finished.json" for trial in trials)] if again else ():
            path.unlink(missing_ok=True)
        if not only_finished:
            run_trials(trials, setting, jobs or (cores() if setting.strategy == "none" else 1))
        found = _result(study, trials, latencies if alone else None)
    write_json(results, as_document(found))
    from host.study.charts import charts  # matplotlib takes a second to import

    pictures = {out / f"{study.name}.{name}.png": data for name, data in charts(found).items()}
    for path, data in pictures.items():
        write_bytes(path, data)
    return found, [results, *pictures]


@contextmanager
def _at_work(lock: Path) -> Iterator[bool]:
    """Whether no other process is within this block; a process that ends, however it ends, leaves it."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with open(lock, "w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _study_file(file: Path) -> Path:
    named = STUDIES / f"{file.name}.json"
    return named if not file.is_file() and not file.suffix and len(file.parts) == 1 and named.is_file() else file


def _result(study: Study, trials: Sequence[Trial], latencies: Path | None) -> StudyResult:
    """What the finished trials found; without latencies where these would be measured beside trainings."""
    finished = [trial for trial in trials if trial.finished() is not None]
    if not finished:
        raise StudyError(f"{study.file}: no trial is finished yet; host study {study.file} trains them")
    evaluations = read_evaluations(study, finished)
    variants = {
        name: list(dict.fromkeys(row.variant for row in result.rows if row.variant))
        for name, result in evaluations.items()
    }
    measured = measure(finished, variants, latencies) if latencies else Measured("")
    done = [trial_result(each, evaluations[each.name], measured.latency.get(each.name, {})) for each in finished]
    of_models = {trial.model: evaluations[trial.name] for trial in finished}
    metrics = {model: result.metrics for model, result in of_models.items()}
    environment = read_environment(load_runtime())
    return StudyResult(
        study=study.name,
        description=study.description,
        made_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        metrics=metrics,
        tasks={model: result.task for model, result in of_models.items()},
        rows=cell_rows(done, metrics, study.references),
        trials=tuple(done),
        missing=tuple(trial.name for trial in trials if trial not in finished),
        load_average=measured.load_average,
        environment={key: environment[key] for key in _ENVIRONMENT if key in environment},
        versions=versions(),
    )
