"""Runs the stages of a spec of any task, and records them in training.json."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from device.files import read_json, sha256_bytes, write_json
from host.data import DataSet, data_folder, load
from host.errors import ModelError
from host.progress import verbosity
from host.spec.model_folder import ModelFolder
from host.spec.parsing import recorded_overrides
from host.spec.types import Spec, StageSpec
from host.training.distributed import Session, check_shared, workplace
from host.versions import versions

if TYPE_CHECKING:
    from host.tasks.task import Task

FORMAT_VERSION = 1


@dataclass(frozen=True)
class StageKind:
    """How a kind of stage is carried out.

    Attributes:
        run: (model, data, stage, session) -> what training.json records of it. Writes its weights into the model's
            folder.
        shared: whether its batches are shared under a strategy; the other kinds run on one device.
    """

    run: Callable[[ModelFolder, DataSet, StageSpec, Session], dict[str, Any]]
    shared: bool = False


def train(
    task: Task,
    spec: Spec,
    stages: Sequence[str] | None = None,
    *,
    resume: bool = False,
    overwrite: bool = False,
    start_from: Path | str | None = None,
    data_dir: Path | None = None,
    overrides: Mapping[str, Any] | None = None,
    log_dir: Path | None = None,
    verbose: int = 2,
    strategy: str = "none",
) -> dict[str, Any]:
    """Trains stages in the spec's order and writes what they leave into the spec's folder; see `host.api.train`.

    Args:
        overrides: what stands in the spec for values of its file, by JSON path; recorded in training.json. None: what
            is recorded there already.

    Returns:
        The content of training.json; {} on a machine that is not the chief.

    Raises:
        SpecError, DataError, ModelError: one line each.
    """
    unknown = sorted(set(stages or ()) - set(spec.training.stages))
    if unknown:
        raise ModelError(
            f"{spec.name}: no stage {unknown[0]} in its spec; available: {', '.join(spec.training.stages)}"
        )
    if not (resume or overwrite or stages) and any(spec.folder.glob("*.weights.h5")):
        raise ModelError(
            f"{spec.name} is trained already; add --resume to train what is missing, --stage NAME to train one stage "
            "again, or --overwrite to train all stages again"
        )
    chosen = [stage for stage in spec.training.stages.values() if stages is None or stage.name in stages]
    start = None if start_from is None else _weights_file(start_from, spec.folder.parent)
    folder = data_folder(data_dir)
    session = Session(resume, start, log_dir / spec.name if log_dir else None, data_dir=folder)
    with verbosity(verbose), workplace(spec, session, strategy) as (model, session):
        data = load(spec.data, folder)
        check_shared(spec, len(data.train), session.strategy)
        if model.folder == spec.folder:
            recorded = recorded_overrides(spec.folder) if overrides is None else dict(overrides)
            return _train_stages(task, model, data, chosen, session, recorded)
        with verbosity(0):
            shared = [stage for stage in chosen if task.stages[stage.kind].shared]
            _train_stages(task, model, data, shared, session, {})
    return {}


def started_from(session: Session) -> dict[str, Any]:
    """What a stage records of the weights that it started from: their digest, and their own training."""
    if session.start_from is None:
        return {}
    file = session.start_from.parent / "training.json"
    stages = read_json(file, ModelError)["stages"] if file.is_file() else {}
    history = {"training": stages["float"]} if "float" in stages else {}
    return {"started_from": {"sha256": sha256_bytes(session.start_from.read_bytes()), **history}}


def _weights_file(start_from: Path | str, models: Path) -> Path:
    """A weights file by its path, or the float weights of a model by its name."""
    for path in (Path(start_from), models / start_from / "float.weights.h5"):
        if path.is_file():
            return path
    having = sorted(path.parent.name for path in models.glob("*/float.weights.h5"))
    raise ModelError(
        f"{start_from}: neither a weights file nor a model with float weights; available: {', '.join(having) or 'none'}"
    )


def _train_stages(
    task: Task,
    model: ModelFolder,
    data: DataSet,
    stages: Sequence[StageSpec],
    session: Session,
    overrides: dict[str, Any],
) -> dict[str, Any]:
    spec, order = model.spec, list(model.spec.training.stages)
    record = read_json(model.training, ModelError) if model.training.is_file() else {}
    for stage in stages:
        made_by = {"identity": stage.identity, "epochs": stage.epochs}
        done: dict[str, Any] = record.get("stages", {})
        if session.resume and done.get(stage.name, {}).get("made_by") == made_by:
            continue
        # What is trained now is not done, and neither is what is made of it: an interruption leaves neither recorded.
        stale = [name for name, other in spec.training.stages.items() if stage.name in other.after]
        done = {name: done[name] for name in done if name in order and name not in (stage.name, *stale)}
        if record:
            write_json(model.training, record | {"stages": done})
        for folder in model.checkpoints.glob("*"):
            if folder.name.split(".")[0] in stale:
                shutil.rmtree(folder)
        kind = task.stages[stage.kind]
        started = time.perf_counter()
        result = kind.run(model, data, stage, session if kind.shared else replace(session, strategy=None))
        result |= {
            "made_by": made_by,
            "spec_sha256": spec.digest,
            "wall_seconds": round(time.perf_counter() - started, 1),
        }
        record = {
            "format_version": FORMAT_VERSION,
            "model": spec.name,
            "seed": spec.training.seed,
            "spec_sha256": spec.digest,
            **({"overrides": overrides} if overrides else {}),
            "data": {
                "dataset": spec.data.dataset,
                "sha256": data.digest,
                "training_images": len(data.train),
                "validation_images": len(data.validation),
            },
            "versions": versions(),
            "stages": {name: {**done, stage.name: result}[name] for name in order if name in (*done, stage.name)},
        }
        write_json(model.training, record)
    return record
