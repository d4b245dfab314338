"""Turns the latent into codes: divides by a step, applies a dead zone, rounds; exactly, or as training sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from host.spec.types import Spec


@dataclass(frozen=True)
class Quantizer:
    """One code a latent: round(soft(y / step)), where soft moves y / step towards 0 by the channel's dead zone.

    On the device the int8 tensor holds rounded latents in units of the step (plain channels) or of half of it (the
    others: halving towards zero then is a dead zone of 1/4), which bounds codes to -128..127 and -64..63.

    Attributes:
        steps: float32 (qualities,).
        dead_zone: float32 (channels,), in steps.
        low, high: float32 (channels,), the range of y / step in which the int8 tensor does not saturate.
    """

    steps: np.ndarray
    dead_zone: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def soft(self, y: Any, quality: Any) -> Any:
        """The latent in steps, clipped and moved towards 0, before it is rounded.

        Args:
            y: float32 (batch, h, w, channels), the encoder's output.
            quality: int32 (batch,).
        """
        clipped = tf.clip_by_value(self.in_steps(y, quality), self.low, self.high)
        return tf.sign(clipped) * tf.nn.relu(tf.abs(clipped) - self.dead_zone)

    def codes(self, y: Any, quality: Any) -> Any:
        """The codes as float32."""
        return tf.round(self.soft(y, quality))

    def straight_through(self, y: Any, codes: Any, quality: Any) -> Any:
        """The codes, with the gradient of y / step."""
        scaled = tf.clip_by_value(self.in_steps(y, quality), self.low, self.high)
        return scaled + tf.stop_gradient(codes - scaled)

    def in_steps(self, y: Any, quality: Any) -> Any:
        return y / tf.gather(self.steps, quality)[:, None, None, None]

    def saturated(self, y: Any, quality: Any) -> Any:
        """How many latents the int8 tensor cannot hold: int64."""
        scaled = self.in_steps(y, quality)
        return tf.math.count_nonzero((scaled < self.low - 0.5) | (scaled > self.high + 0.5))


def make_quantizer(spec: Spec, channels: int) -> Quantizer:
    """The quantizer of a spec for a latent of so many channels."""
    plain = np.arange(channels) < spec.options.grid.plain
    zone = np.where(plain, 0, spec.options.grid.dead_zone).astype(np.float32)
    # Half steps at a dead zone of 1/4; a channel without one uses the whole range.
    reach = np.where(plain | (spec.options.grid.dead_zone == 0), 1.0, 0.5).astype(np.float32)
    return Quantizer(np.array(spec.options.steps, np.float32), zone, -128 * reach, 127 * reach)
