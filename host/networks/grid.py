"""The latent grid inside the network, and the choice of its scale."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from device.outputs.codes import LatentGrid


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


def entropy_bits(codes: np.ndarray) -> float:
    """Empirical entropy in bits per code, each channel with its own distribution.

    Args:
        codes: int (count, h, w, c).
    """
    total = 0.0
    for channel in range(codes.shape[-1]):
        counts = np.unique(codes[..., channel], return_counts=True)[1]
        shares = counts / counts.sum()
        total -= float(np.sum(shares * np.log2(shares)))
    return total / codes.shape[-1]


def choose_scale(latents: np.ndarray, bits: float) -> float:
    """The finest scale, in steps of 1/4096 (exact in float32), at which the codes' entropy is at most `bits`.

    Args:
        latents: float32 (count, h, w, c).
        bits: entropy per code, as `entropy_bits` counts it.
    """
    low, high = 0, 1 << 16  # in 1/4096; entropy falls as the scale grows
    while high - low > 1:
        middle = (low + high) // 2
        codes = np.clip(np.rint(latents * (4096 / middle)), -128, 127).astype(np.int16)
        low, high = (low, middle) if entropy_bits(codes) <= bits else (middle, high)
    return high / 4096
