"""The stages of a compression model, by kind."""

from __future__ import annotations

from typing import Any

import numpy as np

from device.outputs.codes import LatentGrid
from host.data import DataSet
from host.data.kept_images import ModelImages, save_images
from host.data.split import calibration_indices
from host.networks.builder import build, initialize
from host.networks.grid import choose_scale, on_grid
from host.networks.weights import load_weights, save_weights
from host.quantization.aware import set_ranges
from host.quantization.execution import dequantize
from host.spec.model_folder import ModelFolder
from host.spec.types import StageSpec
from host.tasks.compression.halves import aware_halves, load_halves
from host.tasks.compression.model_files import keep_scale, latent_grid
from host.tasks.compression.tables import fit_tables, open_encoders
from host.tasks.compression.work import autoencoder_work, decoder_work
from host.training.distributed import Session
from host.training.loop import fit
from host.training.stages import StageKind, started_from
from host.training.work import remade

SAMPLES = 64
_RANGES_FROM = 500  # images whose activations set the first ranges of quantization-aware training
_SCALE_FROM = 5000  # images on whose codes the latent's scale is chosen


def train_float(model: ModelFolder, data: DataSet, stage: StageSpec, session: Session) -> dict[str, Any]:
    """Trains on the spec's grid, then chooses the model's; writes the stage's weights, images.npz, latent.json.

    Training makes the codes finer than they need be, since bits are not in its loss; the spec's `latent.bits` sets how
    many remain. The stages after this one train on the chosen grid.
    """
    spec, wanted = model.spec, model.spec.quantization
    # Before the training, which may take hours: there may be fewer images than are asked for.
    chosen = calibration_indices(
        data.sample, wanted.calibration_images, spec.training.seed, stratified=wanted.stratified
    )
    encoder, decoder = build(spec)
    initialize(spec, encoder, decoder, data.sample.array)
    if session.start_from is not None:
        load_weights(session.start_from, {"encoder": encoder, "decoder": decoder})
    # Not the model's grid: until this stage ends, latent.json belongs to the weights that lie beside it.
    height, width, channels = encoder.output_shape[1:]
    grid = LatentGrid(height, width, channels, spec.options.scale, 0)
    with session.scope():
        trained = remade(lambda: build(spec), (encoder, decoder), spec, session)
        work = autoencoder_work(spec, stage, stage.name, trained[0], trained[1], grid, data, seed=spec.training.seed)
        result = fit(work, stage, model.checkpoints / stage.name, session)
    for half, other in zip((encoder, decoder), trained, strict=True):
        half.set_weights(other.get_weights())
    save_images(model, ModelImages(data.sample.array[chosen], data.test.array[:SAMPLES]))
    save_weights(model.weights(stage.name), {"encoder": encoder, "decoder": decoder})
    scale = None
    if spec.options.bits is not None:
        some = data.sample.array[:_SCALE_FROM] / np.float32(255)
        scale = choose_scale(encoder.predict(some, batch_size=250, verbose=0), spec.options.bits)
    keep_scale(model, scale)
    return result | started_from(session)


def train_qat(model: ModelFolder, data: DataSet, stage: StageSpec, session: Session) -> dict[str, Any]:
    """Quantization-aware training from the float weights, and its control: the float network for as many epochs more.

    Writes the stage's weights. If the control validates better than the float network did, it becomes
    float.weights.h5.
    """
    spec, seed = model.spec, model.spec.training.seed + 1
    encoder, decoder = build(spec)
    # The control may have replaced float.weights.h5: the stage float's own weights are in its checkpoints.
    trained = model.checkpoints / "float" / "best.weights.h5"
    start = trained if trained.is_file() else model.weights("float")
    load_weights(start, {"encoder": encoder, "decoder": decoder})
    grid = latent_grid(model, encoder.output_shape[1:])
    quantized = aware_halves(encoder, decoder, grid)
    some = data.sample.array[:_RANGES_FROM] / np.float32(255)
    latents = on_grid(encoder.predict(some, verbose=0), grid).numpy()
    set_ranges(quantized[0], encoder, some)
    set_ranges(quantized[1], decoder, latents)
    work = autoencoder_work(spec, stage, stage.name, *quantized, grid, data, seed=seed, aware=True)
    result = fit(work, stage, model.checkpoints / stage.name, session)
    save_weights(model.weights(stage.name), {"encoder": quantized[0], "decoder": quantized[1]})

    continued = autoencoder_work(spec, stage, "control", encoder, decoder, grid, data, seed=seed)
    before = continued.validate()["loss"]
    control = fit(continued, stage, model.checkpoints / f"{stage.name}.control", session)
    better = control["history"][control["best_epoch"] - 1]["validation_loss"] < before
    if better:
        save_weights(model.weights("float"), {"encoder": encoder, "decoder": decoder})
    return {**result, "control": control, "float32_weights": "control" if better else "float"}


def tune(model: ModelFolder, data: DataSet, stage: StageSpec, session: Session) -> dict[str, Any]:
    """Trains float decoders on the codes that int8 encoders really make; writes decoder.<variant>.weights.h5 of each.

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
        work = decoder_work(spec, stage, f"{stage.name} {variant}", halves.decoder, training, validation)
        save_weights(model.weights(f"decoder.{variant}"), work.models)
        before = work.validate()["loss"]
        result = fit(work, stage, model.checkpoints / name, session)
        kept = result["history"][result["best_epoch"] - 1]["validation_loss"] < before
        if kept:
            save_weights(model.weights(f"decoder.{variant}"), work.models)
        results[variant] = {**result, "validation_loss_before": before, "kept": kept}
    return results


STAGES = {
    "float": StageKind(train_float, shared=True),
    "qat": StageKind(train_qat),
    "tables": StageKind(fit_tables),
    "tune": StageKind(tune),
}
