"""The latent grid as the network sees it."""

from __future__ import annotations

import tensorflow as tf

from device.quantization import LatentGrid


def grid_range(grid: LatentGrid) -> tuple[float, float]:
    """The latent values of the codes -128 and 127."""
    return (-128 - grid.zero_point) * grid.scale, (127 - grid.zero_point) * grid.scale


def on_grid(latent: tf.Tensor, grid: LatentGrid) -> tf.Tensor:
    """The latent of its own codes: rounded and clipped to the grid; the gradient passes straight through inside it.

    Y. Bengio et al., "Estimating or Propagating Gradients Through Stochastic Neurons" (2013).
    """
    low, high = grid_range(grid)
    clipped = tf.clip_by_value(latent, low, high)
    return clipped + tf.stop_gradient(tf.round(clipped * (1 / grid.scale)) * grid.scale - clipped)
