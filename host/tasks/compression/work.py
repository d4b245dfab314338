"""The training work of a compression model: it reproduces images through a latent on a grid."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras as keras

from device.outputs.codes import LatentGrid
from host.data import DataSet
from host.data.batches import batches
from host.networks.builder import build_discriminator
from host.networks.grid import on_grid
from host.networks.prior import Prior
from host.spec.types import Spec, StageSpec
from host.training.optimizers import make_optimizer
from host.training.pictures import Critic, picture_work
from host.training.work import Batch, Work, batch_count, variables

Pairs = tuple[np.ndarray, np.ndarray]  # inputs and targets, of one length
_PRIOR_FROM = 500  # images whose codes the prior begins with


def autoencoder_work(
    spec: Spec,
    stage: StageSpec,
    label: str,
    encoder: keras.Model,
    decoder: keras.Model,
    grid: LatentGrid,
    data: DataSet,
    *,
    seed: int,
    aware: bool = False,
) -> Work:
    """Encoder and decoder together.

    Args:
        aware: the halves put the latent on its grid themselves, as quantization-aware ones do.
    """
    models = {"encoder": encoder, "decoder": decoder}
    rate = None
    if any(term.name == "rate_distortion" for term in spec.training.terms):
        models["prior"] = make_prior(encoder, grid, data.sample.array[:_PRIOR_FROM])
        height, width, _ = spec.data.image_shape
        rate = make_rate(models["prior"], grid, height * width)

    def forward(images: Any, training: bool, noise: Any) -> tuple[Any, Any]:
        latent = tf.cast(encoder(images, training=training), tf.float32)
        coded = latent if aware else on_grid(latent, grid)
        return tf.cast(decoder(coded, training=training), tf.float32), rate(latent, noise) if rate else None

    count = batch_count(stage, len(data.train), spec.training.batch_size)

    def drawn(rng: np.random.Generator) -> Iterator[Batch]:
        noise = rng.spawn(1)[0]
        for images, _ in batches(data.train, spec.data, spec.training.batch_size, count, rng):
            # Drawn here and not in the network, so that a resumed training goes on with the same noise.
            extra = (noise.random((len(images), *grid.shape), np.float32) - np.float32(0.5),) if rate else ()
            yield (images, images, *extra)

    wanted = spec.training.adversarial
    return picture_work(
        f"{spec.name} {label}",
        models,
        forward,
        spec.training.terms,
        make_optimizer(stage, stage.epochs * count, variables(models)),
        drawn,
        count,
        (data.validation.array, data.validation.array),
        seed=seed,
        critic=Critic(build_discriminator(spec), wanted.weight, wanted.learning_rate) if wanted else None,
    )


def decoder_work(
    spec: Spec, stage: StageSpec, label: str, decoder: keras.Model, training: Pairs, validation: Pairs
) -> Work:
    """A decoder alone.

    Args:
        training, validation: latents float32 and the images that they stand for.
    """
    size = spec.training.batch_size
    count = batch_count(stage, len(training[0]), size)

    def drawn(rng: np.random.Generator) -> Iterator[Batch]:
        order = rng.permutation(len(training[0]))
        for index in range(count):
            chosen = order.take(range(index * size, (index + 1) * size), mode="wrap")
            yield training[0][chosen], training[1][chosen]

    return picture_work(
        f"{spec.name} {label}",
        {"decoder": decoder},
        lambda latent, training, noise: (decoder(latent, training=training), None),
        spec.training.terms,
        make_optimizer(stage, stage.epochs * count, decoder.trainable_variables),
        drawn,
        count,
        validation,
        seed=spec.training.seed + 2,
    )


def make_prior(encoder: keras.Model, grid: LatentGrid, images: np.ndarray) -> Prior:
    """A prior that begins near the codes that an encoder makes of images, uint8 (count, height, width, channels)."""
    prior = Prior(1, grid.channels, name="prior")
    prior.build(None)
    some = (encoder(images[i : i + 250] / np.float32(255), training=False) for i in range(0, len(images), 250))
    latents = np.concatenate([tf.cast(latent, tf.float32).numpy() for latent in some])
    prior.start(np.std(latents / grid.scale, axis=(0, 1, 2))[None] + 1e-3)
    return prior


def make_rate(prior: Prior, grid: LatentGrid, pixels: int) -> Callable[[Any, Any], Any]:
    """Returns (latent, noise) -> estimated bits per pixel, mean over the batch.

    The latent is float32 (batch, h, w, c); noise is of the same shape, uniform in -0.5..0.5 codes, and stands for the
    rounding in training, so that the bits have a gradient: J. Balle et al., "Variational image compression with a scale
    hyperprior" (2018), section 2. None rounds.

    Args:
        pixels: height times width of an image.
    """

    def rate(latent: Any, noise: Any) -> Any:
        scaled = latent / grid.scale
        codes = tf.round(scaled) if noise is None else scaled + noise
        bits = prior(codes, tf.zeros(tf.shape(latent)[:1], tf.int32))
        return tf.reduce_sum(bits) / tf.cast(tf.shape(latent)[0] * pixels, tf.float32)

    return rate
