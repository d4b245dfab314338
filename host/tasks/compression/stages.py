"""The stages float and qat: the network, then the same network aware of its quantization, beside a fair control."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras as keras

from device.files import sha256_bytes, write_json
from device.outputs.codes import LatentGrid
from host.data import DataSet
from host.data.augmentation import augment
from host.networks.builder import build, build_discriminator, initialize
from host.networks.grid import choose_scale, on_grid
from host.networks.weights import load_weights, save_weights
from host.quantization.aware import set_ranges
from host.spec.model_folder import ModelFolder
from host.spec.types import DataSpec, Spec, StageSpec
from host.tasks.compression.halves import aware_halves
from host.tasks.compression.rate import has_rate, make_prior, make_rate
from host.training.adversarial import Critic
from host.training.loop import fit, validate
from host.training.precision import precision
from host.training.session import Session
from host.training.tensorboard import observer
from host.training.work import Task

SAMPLES = 64
_RANGES_FROM = 500  # images whose activations set the first ranges of quantization-aware training
_SCALE_FROM = 5000  # images on whose codes the latent's scale is chosen


def train_float(model: ModelFolder, images: DataSet, session: Session) -> dict[str, Any]:
    """Trains on the spec's grid, then chooses the model's; writes float.weights.h5, images.npz, latent.json.

    Training makes the codes finer than they need be, since bits are not in its loss; the spec's `latent.bits` sets how
    many remain. The stages after this one train on the chosen grid.
    """
    spec = model.spec
    encoder, decoder = build(spec)
    initialize(spec, encoder, decoder, images.sample.array)
    if session.start_from is not None:
        load_weights(session.start_from, {"encoder": encoder, "decoder": decoder})
    # Not the model's grid: until this stage ends, latent.json belongs to the weights that lie beside it.
    grid = LatentGrid(*encoder.output_shape[1:], spec.options.scale, 0)
    with session.scope():
        trained = _as_trained(spec, encoder, decoder, session)
        task = float_task(spec, "float", *trained, grid, images)
        result = fit_stage(model, task, spec.training.stages["float"], "float", spec.training.seed, session)
    for half, other in zip((encoder, decoder), trained, strict=True):
        half.set_weights(other.get_weights())
    model.save_images(calibration_images(spec, images.sample.array), images.test.array[:SAMPLES])
    save_weights(model.weights("float"), {"encoder": encoder, "decoder": decoder})
    if spec.options.bits is None:
        model.latent.unlink(missing_ok=True)
    else:
        some = images.sample.array[:_SCALE_FROM] / np.float32(255)
        scale = choose_scale(encoder.predict(some, batch_size=250, verbose=0), spec.options.bits)
        write_json(model.latent, {"format_version": 1, "scale": scale, "zero_point": 0})
    if session.start_from is not None:
        result["started_from"] = {"sha256": sha256_bytes(session.start_from.read_bytes())}
    return result


def train_qat(model: ModelFolder, images: DataSet, session: Session) -> dict[str, Any]:
    """Quantization-aware training from the float weights, and its control: the float network for as many epochs more.

    Writes qat.weights.h5. If the control validates better than the float network did, it becomes float.weights.h5.
    """
    spec, stage = model.spec, model.spec.training.stages["qat"]
    encoder, decoder = build(spec)
    # The control may have replaced float.weights.h5: the stage float's own weights are in its checkpoints.
    trained = model.checkpoints / "float" / "best.weights.h5"
    start = trained if trained.is_file() else model.weights("float")
    load_weights(start, {"encoder": encoder, "decoder": decoder})
    grid = model.grid(encoder.output_shape[1:])
    quantized = aware_halves(encoder, decoder, grid)
    some = images.sample.array[:_RANGES_FROM] / np.float32(255)
    latents = on_grid(encoder.predict(some, verbose=0), grid).numpy()
    set_ranges(quantized[0], encoder, some)
    set_ranges(quantized[1], decoder, latents)
    task = _task(spec, "qat", quantized[0], quantized[1], grid, images, lambda latent: latent)
    result = fit_stage(model, task, stage, "qat", spec.training.seed + 1, session)
    save_weights(model.weights("qat"), {"encoder": quantized[0], "decoder": quantized[1]})

    continued = float_task(spec, "control", encoder, decoder, grid, images)
    before = validate(continued, spec.training.terms)["loss"]
    control = fit_stage(model, continued, stage, "control", spec.training.seed + 1, session)
    after = min(row["validation_loss"] for row in control["history"])
    if after < before:
        save_weights(model.weights("float"), {"encoder": encoder, "decoder": decoder})
    return {**result, "control": control, "float32_weights": "control" if after < before else "float"}


def _as_trained(
    spec: Spec, encoder: keras.Model, decoder: keras.Model, session: Session
) -> tuple[keras.Model, keras.Model]:
    """The halves that the stage float trains: these, or others of their weights, in bfloat16 or under a strategy."""
    mixed = spec.training.mixed_precision
    if not mixed and session.strategy is None:
        return encoder, decoder
    with precision(mixed):
        others = build(spec)
    for half, other in zip((encoder, decoder), others, strict=True):
        other.set_weights(half.get_weights())
    return others


def fit_stage(
    model: ModelFolder, task: Task, stage: StageSpec, name: str, seed: int, session: Session
) -> dict[str, Any]:
    """`fit` as the model's spec says, with checkpoints, and TensorBoard's files, of its own under the stage's name."""
    training = model.spec.training
    folder, resume = model.checkpoints / name, session.resume
    observe = observer(session.log_dir / name, task, stage.epochs, resume) if session.log_dir else None
    return fit(task, training.terms, stage, training.batch_size, seed, folder, resume, model.spec.digest, observe)


def calibration_images(spec: Spec, train: np.ndarray) -> np.ndarray:
    """The spec's number of training images, drawn with the spec's seed; uint8 (count, height, width, channels)."""
    count = min(spec.quantization.calibration_images, len(train))
    return train[np.sort(np.random.default_rng(spec.training.seed).choice(len(train), count, replace=False))]


def augmentation(data: DataSpec) -> Callable[[np.ndarray, np.random.Generator], np.ndarray] | None:
    """What changes a batch beyond mirroring it; None where nothing does."""
    return (lambda batch, rng: augment(batch, data, rng)) if data.augments else None


def float_task(
    spec: Spec, label: str, encoder: keras.Model, decoder: keras.Model, grid: LatentGrid, images: DataSet
) -> Task:
    """The float network's work: images to themselves, the latent on the grid."""
    return _task(spec, label, encoder, decoder, grid, images, lambda latent: on_grid(latent, grid))


def _task(
    spec: Spec,
    label: str,
    encoder: keras.Model,
    decoder: keras.Model,
    grid: LatentGrid,
    images: DataSet,
    quantize: Callable[[Any], Any],
) -> Task:
    models: dict[str, Any] = {"encoder": encoder, "decoder": decoder}
    rate = None
    if has_rate(spec.training.terms):
        models["prior"] = make_prior(encoder, grid, images.sample.array[:_RANGES_FROM])
        height, width, _ = spec.data.image_shape
        rate = make_rate(models["prior"], grid, height * width)
    return Task(
        f"{spec.name} {label}",
        models,
        lambda latent, training: tf.cast(decoder(quantize(latent), training=training), tf.float32),
        images.train.images,  # type: ignore[arg-type]
        images.train.images,  # type: ignore[arg-type]
        (images.validation.array, images.validation.array),
        spec.data.flip,
        lambda image, training: tf.cast(encoder(image, training=training), tf.float32),
        rate,
        augmentation(spec.data),
        _critic(spec),
    )


def _critic(spec: Spec) -> Critic | None:
    wanted = spec.training.adversarial
    return Critic(build_discriminator(spec), wanted.weight, wanted.learning_rate) if wanted else None
