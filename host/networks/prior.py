"""The rate in training: a learned distribution of the codes, one for each channel and quality.

The factorized prior of Balle et al. 2018, with mixtures of logistics in place of their small networks: fewer
operations, and the start, three scales around each channel's own deviation, is near the solution.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras as keras

# Adam moves every weight by about the learning rate. What is one number a channel moves by this much more.
PACE = 5.0
_WIDTHS = (0.12, 0.4, 1.2)  # of the mixture's parts at the start, in deviations
_NARROWEST = 0.05
_LEAST = 1e-7  # probability; below it the gradient would vanish


class Prior(keras.layers.Layer):
    """Bits of codes, or of codes with uniform noise of width 1 in place of rounding."""

    def __init__(self, qualities: int, channels: int, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.shape = (qualities, channels, len(_WIDTHS))

    def build(self, _: Any) -> None:
        self.logit = self.add_weight("logit", self.shape, initializer="zeros")
        self.centre = self.add_weight("centre", self.shape, initializer="zeros")
        self.log_width = self.add_weight("log_width", self.shape, initializer="zeros")
        self.built = True

    def start(self, deviations: np.ndarray) -> None:
        """Begins near codes of these standard deviations, float (qualities, channels)."""
        widths = np.maximum(deviations[..., None] * np.array(_WIDTHS), _NARROWEST)
        self.log_width.assign(np.log(widths) / PACE)

    def call(self, codes: Any, quality: Any) -> Any:
        """Bits of every code, float32 of the same shape.

        Args:
            codes: float32 (batch, h, w, channels).
            quality: int32 (batch,).
        """
        logit, centre, log_width = (
            PACE * tf.gather(weight, quality)[:, None, None] for weight in (self.logit, self.centre, self.log_width)
        )
        slope = tf.exp(-log_width)
        # On the side of 0 where a sigmoid keeps its digits.
        distance = tf.abs(codes[..., None] - centre)
        parts = tf.sigmoid((0.5 - distance) * slope) - tf.sigmoid((-0.5 - distance) * slope)
        likelihood = tf.reduce_sum(tf.nn.softmax(logit) * parts, -1)
        return -tf.math.log(tf.maximum(likelihood, _LEAST)) / math.log(2)
