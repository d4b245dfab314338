"""Runs the converted encoders over the training images and fits tables and float decoders to their codes."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from device.files import write_bytes
from host.data import DataSet
from host.networks.weights import save_weights
from host.quantization.execution import TfliteEncoder, dequantize
from host.quantization.recipes import DEFAULTS, TUNED
from host.spec.model_folder import ModelFolder
from host.tasks.compression.halves import convert, load_halves
from host.tasks.compression.stages import fit_stage
from host.tasks.compression.tables import count_codes, fit_frequencies
from host.training.loop import validate
from host.training.session import Session
from host.training.work import Task


def tune(model: ModelFolder, images: DataSet, session: Session) -> dict[str, Any]:
    """Writes tables.npy and decoder.<variant>.weights.h5 of the variants that get a tuned decoder.

    The decoders see the training images and their mirror images, since a flip of the codes is not the codes of
    the flipped image. A tuned decoder starts from the float decoder and is kept only where it validates better.
    """
    spec = model.spec
    calibration = model.images()[0] / np.float32(255)
    mirrored = images.sample.array[:, :, ::-1]
    targets = np.concatenate([images.sample.array, mirrored]) if spec.data.flip else images.sample.array
    counts: Any = 0
    results = {}
    for variant in TUNED:
        recipe = DEFAULTS[variant]
        halves = load_halves(model, recipe.weights)
        encoder = TfliteEncoder(convert(halves, "encoder", recipe.conversion, calibration), halves.grid)
        codes = encoder.codes(targets)
        counts = counts + count_codes(codes[: len(images.sample.array)])
        decoder = load_halves(model, "float").decoder
        task = Task(
            f"{spec.name} tune {variant}",
            {"decoder": decoder},
            lambda latent, training, network=decoder: network(latent, training=training),
            dequantize(codes, halves.grid),
            targets,
            (dequantize(encoder.codes(images.validation.array), halves.grid), images.validation.array),
        )
        save_weights(model.weights(f"decoder.{variant}"), task.models)
        before = validate(task, spec.training.terms)["loss"]
        stage = spec.training.stages["tune"]
        result = fit_stage(model, task, stage, f"tune.{variant}", spec.training.seed + 2, session)
        after = min(row["validation_loss"] for row in result["history"])
        if after < before:
            save_weights(model.weights(f"decoder.{variant}"), task.models)
        results[variant] = {**result, "validation_loss_before": before, "kept": after < before}
    buffer = io.BytesIO()
    np.save(buffer, fit_frequencies(counts), allow_pickle=False)
    write_bytes(model.tables, buffer.getvalue())
    return results
