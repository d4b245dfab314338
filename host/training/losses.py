"""What training minimizes, by the spec's names. Images and reconstructions are float32 in 0..1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

LOSSES: dict[str, Callable[[Any, Any], Any]] = {
    "mse": lambda image, reconstruction: tf.reduce_mean(tf.square(image - reconstruction)),
    "mae": lambda image, reconstruction: tf.reduce_mean(tf.abs(image - reconstruction)),
}


def mean_psnr(image: Any, reconstruction: Any) -> Any:
    """PSNR in dB of rounded uint8 images (data range 255), mean over the batch; a monitor, not a result."""
    pixels = tf.round(tf.clip_by_value(reconstruction, 0.0, 1.0) * 255.0)
    squared = tf.reduce_mean(tf.square(tf.round(image * 255.0) - pixels), axis=(1, 2, 3))
    return tf.reduce_mean(10.0 * tf.math.log(255.0**2 / tf.maximum(squared, 1e-9)) / tf.math.log(10.0))
