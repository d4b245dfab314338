"""SSIM and MS-SSIM that a network can be trained by, equal to scikit-image's on what evaluation measures.

Z. Wang et al., "Image Quality Assessment: From Error Visibility to Structural Similarity" (2004): Gaussian window of 11
pixels, sigma 1.5, k1 = 0.01, k2 = 0.03; Z. Wang et al., "Multiscale Structural Similarity for Image Quality Assessment"
(2003). Only windows that lie inside the image count. The window is separable: two products with a band matrix are
faster on a CPU than convolutions of a channel each.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

WINDOW, SIGMA = 11, 1.5
K1, K2 = 0.01, 0.03
SMALLEST = WINDOW
SCALES = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
_LEAST = 1e-4  # a power of a negative number has no gradient


def ssim(image: Any, reconstruction: Any) -> Any:
    """Of each image, mean over windows and channels.

    Args:
        image, reconstruction: float32 (batch, height, width, channels), 0..1; sides of at least 11.

    Returns:
        float32 (batch,).
    """
    whole, _ = _maps(image, reconstruction)
    return tf.reduce_mean(whole, axis=(1, 2, 3))


def ms_ssim(image: Any, reconstruction: Any) -> Any:
    """Of each image over five scales, mean over channels; sides of at least 176. See `ssim`."""
    found = []
    for scale in range(len(SCALES)):
        whole, contrast = _maps(image, reconstruction)
        last = scale == len(SCALES) - 1
        found.append(tf.maximum(tf.reduce_mean(whole if last else contrast, axis=(1, 2)), _LEAST))
        image, reconstruction = (tf.nn.avg_pool2d(each, 2, 2, "VALID") for each in (image, reconstruction))
    powers = tf.constant(SCALES)[:, None, None]
    return tf.reduce_mean(tf.reduce_prod(tf.stack(found) ** powers, axis=0), axis=-1)


def _maps(image: Any, reconstruction: Any) -> tuple[Any, Any]:
    """SSIM and its part for contrast and structure, of every window: (batch, height - 10, width - 10, channels)."""
    rows, columns = _band(image.shape[1]), _band(image.shape[2])

    def blurred(values: Any) -> Any:
        return tf.einsum("jw,biwc->bijc", columns, tf.einsum("ih,bhwc->biwc", rows, values))

    mean_x, mean_y = blurred(image), blurred(reconstruction)
    # One pass for both variances: only their sum is needed.
    squares = blurred(tf.square(image) + tf.square(reconstruction)) - tf.square(mean_x) - tf.square(mean_y)
    products = blurred(image * reconstruction) - mean_x * mean_y
    contrast = (2 * products + K2**2) / (squares + K2**2)
    luminance = (2 * mean_x * mean_y + K1**2) / (tf.square(mean_x) + tf.square(mean_y) + K1**2)
    return luminance * contrast, contrast


def _band(side: int) -> Any:
    """float32 (side - 10, side): each row the window at its place."""
    offsets = np.arange(WINDOW) - WINDOW // 2
    window = np.exp(-(offsets**2) / (2 * SIGMA**2))
    band = np.zeros((side - WINDOW + 1, side), np.float32)
    for row in range(len(band)):
        band[row, row : row + WINDOW] = window / window.sum()
    return tf.constant(band)
