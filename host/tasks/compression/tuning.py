"""The stage tune: float decoders, each trained on the codes that an int8 encoder really makes."""

from __future__ import annotations

from typing import Any

import numpy as np

from host.data import DataSet
from host.networks.weights import save_weights
from host.quantization.execution import dequantize
from host.spec.model_folder import ModelFolder
from host.spec.types import StageSpec
from host.tasks.compression.halves import load_halves
from host.tasks.compression.tables import open_encoders
from host.tasks.compression.work import decoder_work
from host.training.distributed import Session
from host.training.loop import fit


def tune(model: ModelFolder, data: DataSet, stage: StageSpec, session: Session) -> dict[str, Any]:
    """Writes decoder.<variant>.weights.h5 of the variants that get a tuned decoder.

    The decoders see the training images and their mirror images, since a flip of the codes is not the codes of
    the flipped image. A tuned decoder starts from the float decoder and is kept only where it validates better.
    """
    spec, images = model.spec, data.sample.array
    targets = np.concatenate([images, images[:, :, ::-1]]) if spec.data.flip else images
    results = {}
    for variant, encoder in open_encoders(model).items():
        name = f"{stage.name}.{variant}"
        halves = load_halves(model, "float")
        training, validation = (
            (dequantize(encoder.codes(some), halves.grid), some) for some in (targets, data.validation.array)
        )
        label, seed = f"{stage.name} {variant}", spec.training.seed + 2
        work = decoder_work(spec, stage, label, halves.decoder, training, validation, seed=seed)
        save_weights(model.weights(f"decoder.{variant}"), work.models)
        before = work.validate()["loss"]
        result = fit(work, stage, model.checkpoints / name, session)
        kept = result["history"][result["best_epoch"] - 1]["validation_loss"] < before
        if kept:
            save_weights(model.weights(f"decoder.{variant}"), work.models)
        results[variant] = {**result, "validation_loss_before": before, "kept": kept}
    return results
