"""Training, whole: the stages float, qat and tune, and the record of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from device.files import read_json, write_json
from host.data import Images, data_folder, load_images
from host.errors import ModelError, SpecError
from host.model import ModelFolder
from host.spec import MODELS, load_spec, recorded_overrides, task_of
from host.training.stages import train_float, train_qat
from host.tuning.stage import tune
from host.versions import versions

STAGES: dict[str, Callable[[ModelFolder, Images, bool], dict[str, Any]]] = {
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
    start_from: Path | None = None,
    data_dir: Path | None = None,
    models: Path = MODELS,
    overrides: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Trains a model's stages in their order and writes what they leave into models/<name>/.

    Args:
        stages: some of float, qat, tune.
        resume: go on from the checkpoints of an interrupted training; a finished stage is not trained again.
        start_from: a float.weights.h5 of the same layers that the stage float starts from.
        data_dir: local folder of data sets; else SPLITLITE_DATA, else Keras downloads.
        models: the folder that holds <name>/spec.json.
        overrides: values by JSON path that stand in for the spec's, such as {"training.float.epochs": 5}; recorded in
            training.json, with the digest of the spec that they make. None: none, or with `resume` the recorded ones.

    Returns:
        The content of training.json.

    Raises:
        SpecError, DataError, ModelError: one line each.
    """
    if task_of(name, models) == "codec":
        from host.codec.stages import train_stages

        if overrides:
            raise SpecError(f"{name}: specs of the task codec take no overrides; write them into its spec.json")

        return train_stages(name, stages, resume=resume, start_from=start_from, data_dir=data_dir, models=models)
    if overrides is None:
        overrides = recorded_overrides(models / name) if resume else {}
    model = ModelFolder(load_spec(name, models, overrides))
    images = load_images(model.spec.data, data_folder(data_dir))
    record = read_json(model.training, ModelError) if model.training.is_file() else {}
    for stage in (stage for stage in STAGES if stage in stages):
        done = record.get("stages", {}).get(stage, {})
        if resume and done.get("spec_sha256") == model.spec.digest:
            continue
        started = time.perf_counter()
        result = STAGES[stage](model, images, resume)
        record = {
            "format_version": FORMAT_VERSION,
            "model": name,
            "seed": model.spec.training.seed,
            "spec_sha256": model.spec.digest,
            **({"overrides": dict(overrides)} if overrides else {}),
            "data": {
                "dataset": model.spec.data.dataset,
                "sha256": images.digest,
                "training_images": len(images.drawn),
                "validation_images": len(images.validation),
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
