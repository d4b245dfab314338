"""Training, whole: the stages float, qat and tune, and the record of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from device.files import read_json, write_json
from host.data import DataSet, data_folder, load
from host.errors import ModelError, SpecError
from host.progress import verbosity
from host.spec.model_folder import ModelFolder
from host.spec.models import MODELS, list_models
from host.spec.parsing import recorded_overrides
from host.tasks import open_spec
from host.tasks.compression.stages import train_float, train_qat
from host.tasks.compression.tuning import tune
from host.training.distributed import check_shared, workplace
from host.training.session import Session
from host.versions import versions

STAGES: dict[str, Callable[[ModelFolder, DataSet, Session], dict[str, Any]]] = {
    "float": train_float,
    "qat": train_qat,
    "tune": tune,
}
FORMAT_VERSION = 1


def train(
    name: str,
    stages: tuple[str, ...] = tuple(STAGES),
    *,
    resume: bool = False,
    start_from: Path | str | None = None,
    data_dir: Path | None = None,
    models: Path = MODELS,
    overrides: Mapping[str, Any] | None = None,
    log_dir: Path | None = None,
    verbose: int = 2,
    strategy: str = "none",
) -> dict[str, Any]:
    """Trains a model's stages in their order and writes what they leave into models/<name>/.

    Args:
        stages: some of float, qat, tune.
        resume: go on from the checkpoints of an interrupted training; a finished stage is not trained again.
        start_from: a float.weights.h5 of the same layers that the stage float starts from, or the name of its model.
        data_dir: local folder of data sets; else SPLITLITE_DATA, else Keras downloads.
        models: the folder that holds <name>/spec.json.
        overrides: values by JSON path that stand in for the spec's, such as {"training.float.epochs": 5}; recorded in
            training.json, with the digest of the spec that they make. None: none, or with `resume` the recorded ones.
        log_dir: where TensorBoard's files go, into <name>/<stage>; None writes none. Not for codecs.
        verbose: 0 says nothing but errors, 1 a line an epoch, 2 shows a progress bar too where stderr is a terminal.
        strategy: none is this one device; mirrored shares each batch of the stage float among this machine's devices;
            multiworker among the machines that TF_CONFIG names, of which the chief writes files and trains the later
            stages, which are short, and the others wait for it. Not for codecs, nor with an adversarial term.

    Returns:
        The content of training.json; {} on a machine that is not the chief.

    Raises:
        SpecError, DataError, ModelError: one line each.
    """
    start = None if start_from is None else _weights_file(start_from, models)
    with verbosity(verbose):
        if open_spec(name, models)[0].name == "codec":
            from host.tasks.codec.stages import train_stages

            if overrides:
                raise SpecError(f"{name}: specs of the task codec take no overrides; write them into its spec.json")
            if log_dir or strategy != "none":
                raise SpecError(
                    f"{name}: codecs train on one device and have no TensorBoard files; leave out --strategy, --log-dir"
                )
            return train_stages(name, stages, resume=resume, start_from=start, data_dir=data_dir, models=models)
        if overrides is None:
            overrides = recorded_overrides(models / name) if resume else {}
        spec = open_spec(name, models, overrides)[1]
        session = Session(resume, start, log_dir / name if log_dir else None)
        with workplace(spec, session, strategy) as (model, session):
            images = load(spec.data, data_folder(data_dir))
            check_shared(spec, len(images.train.images), session.strategy)
            if model.folder == spec.folder:
                return _train_stages(model, images, stages, session, overrides)
            with verbosity(0):
                _train_stages(model, images, tuple(stage for stage in stages if stage == "float"), session, overrides)
        return {}


def _weights_file(start_from: Path | str, models: Path) -> Path:
    """A weights file by its path, or the float weights of a model by its name."""
    for path in (Path(start_from), models / start_from / "float.weights.h5"):
        if path.is_file():
            return path
    having = [name for name in list_models(models) if (models / name / "float.weights.h5").is_file()]
    raise ModelError(
        f"{start_from}: neither a weights file nor a model with float weights; available: {', '.join(having) or 'none'}"
    )


def _train_stages(
    model: ModelFolder, images: DataSet, stages: tuple[str, ...], session: Session, overrides: Mapping[str, Any]
) -> dict[str, Any]:
    record = read_json(model.training, ModelError) if model.training.is_file() else {}
    for stage in (stage for stage in STAGES if stage in stages and stage in model.spec.training.stages):
        done = record.get("stages", {}).get(stage, {})
        if session.resume and done.get("spec_sha256") == model.spec.digest:
            continue
        started = time.perf_counter()
        result = STAGES[stage](model, images, session)
        record = {
            "format_version": FORMAT_VERSION,
            "model": model.spec.name,
            "seed": model.spec.training.seed,
            "spec_sha256": model.spec.digest,
            **({"overrides": dict(overrides)} if overrides else {}),
            "data": {
                "dataset": model.spec.data.dataset,
                "sha256": images.digest,
                "training_images": len(images.train.images),
                "validation_images": len(images.validation.images),
            },
            "versions": versions(),
            "stages": {
                **record.get("stages", {}),
                stage: {
                    **result,
                    "spec_sha256": model.spec.digest,
                    "wall_seconds": round(time.perf_counter() - started, 1),
                },
            },
        }
        write_json(model.training, record)
    return record
