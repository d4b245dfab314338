"""The stage tune: the decoder alone, on the codes that the frozen int8 encoder really makes.

The codes' meaning does not change with it: what a device has sent, or sends with the encoder that it has, decodes
better. A tuned decoder starts from the float stage's and is kept only where it validates better.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from host.data import DataSet
from host.data.batches import batches
from host.metrics import PSNR
from host.networks.weights import load_weights, save_weights
from host.spec.model_folder import ModelFolder
from host.spec.types import StageSpec
from host.tasks.codec.int8 import Int8Encoder, convert_encoder
from host.tasks.codec.networks import Codec, build_codec
from host.tasks.codec.work import AVERAGED, LARGEST_GRADIENT, quality_weights, validation
from host.training.distributed import Session
from host.training.loop import fit
from host.training.optimizers import make_optimizer
from host.training.work import Batch, Work, averaging, batch_count, descend

DECODER = "decoder.int8"


def tune(model: ModelFolder, data: DataSet, stage: StageSpec, session: Session) -> dict[str, Any]:
    """Trains a decoder for the int8 encoder of float.weights.h5; writes decoder.int8.weights.h5 where it is better.

    Returns:
        As `fit`, with "validation_loss_before" and "kept".

    Raises:
        ModelError: no weights of the stage float.
    """
    spec = model.spec
    trained, average = build_codec(spec), build_codec(spec)
    for codec in (trained, average):
        load_weights(model.weights("float"), codec.models)
    blocks = spec.options.patch // spec.options.grid.block
    encoder = Int8Encoder(convert_encoder(trained, blocks, blocks), spec)
    work = decoder_work(trained, average, encoder, data, stage)
    before = work.validate()["loss"]
    result = fit(work, stage, model.checkpoints / stage.name, session)
    kept = result["history"][result["best_epoch"] - 1]["validation_loss"] < before
    if kept:
        save_weights(model.weights(DECODER), work.models)
    return {**result, "validation_loss_before": before, "kept": kept}


def decoder_work(trained: Codec, average: Codec, encoder: Int8Encoder, data: DataSet, stage: StageSpec) -> Work:
    """The decoder on an int8 encoder's codes; what validates is the average of its weights."""
    spec, options, size = trained.spec, trained.spec.options, trained.spec.training.batch_size
    grid, count = options.grid, batch_count(stage, len(data.train), size)
    decoder, trainable = trained.decoder, trained.decoder.trainable_variables
    optimizer = make_optimizer(stage, stage.epochs * count, trainable)
    factors = tf.constant(quality_weights(spec) * np.array([each.lmbda for each in options.qualities], np.float32))

    def drawn(rng: np.random.Generator) -> Iterator[Batch]:
        for patches, _ in batches(data.train, spec.data, size, count, rng):
            quality = rng.integers(len(options.qualities), size=size).astype(np.int32)
            codes = np.stack([encoder.codes(patch, q) for patch, q in zip(patches, quality, strict=True)])
            yield codes, patches[:, grid.before :, grid.before :][:, : options.patch, : options.patch], quality

    def step(codes: Any, target: Any, quality: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            restored = decoder([tf.cast(codes, tf.float32), quality], training=True)
            error = tf.square(restored * 255.0 - tf.cast(target, tf.float32))
            loss = tf.reduce_mean(tf.gather(factors, quality) * tf.reduce_mean(error, (1, 2, 3)))
        descend(tape, loss, (optimizer, trainable), largest=LARGEST_GRADIENT)
        return {"loss": loss}

    models = {"decoder": average.decoder}
    return Work(
        f"{spec.name} {stage.name}",
        models,
        drawn,
        count,
        step,
        _validation(average, data.validation.pictures, encoder),
        (PSNR,),
        spec.training.seed + 2,
        {"trained": decoder, "optimizer": optimizer},
        averaging(models, trained.models, AVERAGED),
    )


def _validation(codec: Codec, images: Sequence[np.ndarray], encoder: Int8Encoder) -> Callable[[], dict[str, Any]]:
    qualities = codec.spec.options.qualities
    factors = quality_weights(codec.spec) * np.array([quality.lmbda for quality in qualities])
    decode = tf.function(codec.decoder, reduce_retracing=True)
    codes = [[encoder.image_codes(image, quality) for image in images] for quality in range(len(qualities))]

    def run(index: int, quality: int) -> tuple[Any, dict[str, Any]]:
        values = tf.constant(codes[quality][index][None].astype(np.float32))
        return decode([values, tf.constant([quality], tf.int32)]).numpy()[0], {}

    return lambda: validation(images, factors.tolist(), run)
