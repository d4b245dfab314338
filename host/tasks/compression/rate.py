"""The rate in the loss: estimated bits of the latent's codes under a prior that is learned with the networks.

J. Balle et al., "Variational image compression with a scale hyperprior" (2018), section 2: in training uniform noise of
one step's width stands for the rounding, so that the bits have a gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras as keras

from device.outputs.codes import LatentGrid
from host.networks.prior import Prior
from host.spec.types import LossTerm

_LOSS = "rate_distortion"


def has_rate(terms: Sequence[LossTerm]) -> bool:
    """Whether a loss needs the latent's rate."""
    return any(term.name == _LOSS for term in terms)


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
    rounding in training. None rounds.

    Args:
        pixels: height times width of an image.
    """

    def rate(latent: Any, noise: Any) -> Any:
        scaled = latent / grid.scale
        codes = tf.round(scaled) if noise is None else scaled + noise
        bits = prior(codes, tf.zeros(tf.shape(latent)[:1], tf.int32))
        return tf.reduce_sum(bits) / tf.cast(tf.shape(latent)[0] * pixels, tf.float32)

    return rate
