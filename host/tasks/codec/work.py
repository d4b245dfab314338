"""The work of a codec's stage float: encoder, decoder and prior together, each image of a batch at a random quality;
and its validation on whole images at every quality, where rates are estimates.

Loss of an image: weight * (lmbda * 255**2 * mean squared error + bits per pixel). The distortion sees the codes, the
gradient passing straight through the rounding; the rate sees uniform noise in place of it. The weight, lmbda**-0.6, is
about one over the rate, so that a percent of rate counts alike at every quality.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from host.data import DataSet
from host.data.batches import batches
from host.metrics import PSNR, Metric, means, psnr_db
from host.spec.types import Spec, StageSpec
from host.tasks.codec.networks import Codec, padded
from host.training.optimizers import make_optimizer
from host.training.work import Batch, Look, Work, averaging, batch_count, descend, variables

ESTIMATED_BPP = Metric("estimated_bpp", "estimated rate", "bpp", 3, False)
MOST_IMAGES = 64  # of validation, at most
AVERAGED = 0.999  # decay of the averaged weights
LARGEST_GRADIENT = 5.0
_LOOKS = 8


def quality_weights(spec: Spec) -> np.ndarray:
    """float32 (qualities,): what each quality's loss is multiplied with; 1 at an lmbda of 0.01."""
    return np.array([(0.01 / quality.lmbda) ** 0.6 for quality in spec.options.qualities], np.float32)


def codec_work(
    trained: Codec,
    average: Codec,
    data: DataSet,
    stage: StageSpec,
    *,
    qualities: tuple[int, ...] | None = None,
    with_encoder: bool = True,
) -> Work:
    """All networks together; what validates is the average of the weights over the last steps.

    Args:
        average: begins with the weights of `trained`.
        qualities: which of the spec's are drawn; None draws all.
        with_encoder: False leaves the encoder as it is.
    """
    spec, options, size = trained.spec, trained.spec.options, trained.spec.training.batch_size
    grid, count = options.grid, batch_count(stage, len(data.train), size)
    halves = {"encoder": trained.encoder, "decoder": trained.decoder}
    networks = variables(halves if with_encoder else {"decoder": trained.decoder})
    priors = trained.prior.trainable_variables
    # Two optimizers: the norm of one's gradients must not clip the other's.
    optimizers = [make_optimizer(stage, stage.epochs * count, those) for those in (networks, priors)]
    lmbda = tf.constant([quality.lmbda for quality in options.qualities])
    weights = tf.constant(quality_weights(spec))
    side = options.patch // grid.block

    def drawn(rng: np.random.Generator) -> Iterator[Batch]:
        # The noise is drawn here and not in the network, so that a resumed training goes on with the same noise.
        noise = rng.spawn(1)[0]
        for patches, _ in batches(data.train, spec.data, size, count, rng):
            quality = rng.choice(qualities or len(options.qualities), size=size).astype(np.int32)
            shape = (size, side, side, trained.channels)
            yield patches, quality, noise.random(shape, np.float32) - np.float32(0.5)

    def step(patches: Any, quality: Any, noise: Any) -> dict[str, Any]:
        image = tf.cast(patches, tf.float32) / 255.0
        target = image[:, grid.before : -grid.after or None, grid.before : -grid.after or None]
        with tf.GradientTape() as tape:
            y = trained.encoder(image, training=True)
            soft = trained.quantizer.soft(y, quality)
            bits = trained.prior(soft + noise, quality)
            bpp = tf.reduce_sum(bits, (1, 2, 3)) / options.patch**2
            codes = trained.quantizer.straight_through(y, tf.round(soft), quality)
            restored = trained.decoder([codes, quality], training=True)
            squared = tf.reduce_mean(tf.square(restored - target), (1, 2, 3)) * 255.0**2
            loss = tf.reduce_mean(tf.gather(weights, quality) * (tf.gather(lmbda, quality) * squared + bpp))
        descend(tape, loss, (optimizers[0], networks), (optimizers[1], priors), largest=LARGEST_GRADIENT)
        return {"loss": loss, "estimated_bpp": tf.reduce_mean(bpp), "squared_error": tf.reduce_mean(squared)}

    return Work(
        f"{spec.name} {stage.name}",
        average.models,
        drawn,
        count,
        step,
        codec_validation(average, data.validation.pictures),
        (PSNR, ESTIMATED_BPP),
        spec.training.seed,
        {
            **{f"trained_{name}": model for name, model in trained.models.items()},
            "networks": optimizers[0],
            "priors": optimizers[1],
        },
        averaging(average.models, trained.models, AVERAGED),
        keep_best=False,
        look=_look(average, data),
    )


def _look(codec: Codec, data: DataSet) -> Look:
    """The upper left corner of one validation image at some of the qualities."""
    spec = codec.spec
    image = data.validation.pictures[0][: spec.options.patch, : spec.options.patch]
    quality = np.arange(min(len(spec.options.qualities), _LOOKS), dtype=np.int32)
    inputs = np.stack([padded(image, spec)] * len(quality)), quality

    def restore(images: Any, quality: Any) -> Any:
        codes = codec.quantizer.codes(codec.encoder(tf.cast(images, tf.float32) / 255.0), quality)
        return codec.decoder([codes, quality])[:, : image.shape[0], : image.shape[1]]

    return Look(inputs, restore, np.stack([image] * len(quality)))


def validation(
    images: Sequence[np.ndarray], factors: Sequence[float], run: Callable[[int, int], tuple[Any, dict[str, Any]]]
) -> dict[str, Any]:
    """The loss and the metrics, means over the qualities; under "qualities" a row each, of all images.

    Args:
        factors: of each quality: what a squared error of 1 (of 255**2) counts in its loss.
        run: (index of the image, quality) -> the restored image, float32 about 0..1, of the image's size or larger,
            and what else is known: "estimated_bpp", which is averaged and counts in the loss, and whole numbers, which
            are summed.
    """
    rows: list[dict[str, Any]] = []
    for quality, factor in enumerate(factors):
        psnrs, known = [], []
        for index, image in enumerate(images):
            made, others = run(index, quality)
            pixels = np.clip(made[: image.shape[0], : image.shape[1]], 0, 1) * 255
            psnrs.append(psnr_db(image, np.rint(pixels).astype(np.uint8)))
            known.append(others)
        squared = np.mean([0.0 if psnr is None else 255**2 / 10 ** (psnr / 10) for psnr in psnrs])
        rate = ESTIMATED_BPP.key
        row, _ = means([{PSNR.key: psnr, rate: each.get(rate)} for psnr, each in zip(psnrs, known, strict=True)])
        sums = {key: sum(each[key] for each in known) for key, value in known[0].items() if isinstance(value, int)}
        rows.append({"quality": quality, "loss": float(factor * squared + row.get(rate, 0.0)), **row, **sums})
    over_qualities, _ = means([{key: row.get(key) for key in ("loss", PSNR.key, ESTIMATED_BPP.key)} for row in rows])
    return {**over_qualities, "qualities": rows}


def codec_validation(codec: Codec, images: Sequence[np.ndarray]) -> Callable[[], dict[str, Any]]:
    """Returns what validates a codec with its float encoder: the rate is the ideal code length under its prior."""
    images = [images[index] for index in range(min(len(images), MOST_IMAGES))]
    factors = [quality.lmbda for quality in codec.spec.options.qualities]

    @tf.function(reduce_retracing=True)
    def restored(image: Any, quality: Any) -> Any:
        y = codec.encoder(tf.cast(image, tf.float32) / 255.0)
        codes = codec.quantizer.codes(y, quality)
        bits = tf.reduce_sum(codec.prior(codes, quality))
        return codec.decoder([codes, quality]), bits, codec.quantizer.saturated(y, quality), tf.size(codes)

    def run(index: int, quality: int) -> tuple[Any, dict[str, Any]]:
        image = images[index]
        made, bits, over, count = restored(tf.constant(padded(image, codec.spec)[None]), tf.constant([quality]))
        rate = float(bits) / (image.shape[0] * image.shape[1])
        return made.numpy()[0], {ESTIMATED_BPP.key: rate, "saturated": int(over), "latents": int(count)}

    return lambda: validation(images, factors, run)
