"""The losses by the spec's names. Images and reconstructions are float32 in 0..1."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from host.spec.types import LossTerm

WINDOW, SIGMA = 11, 1.5  # of SSIM: Gaussian, in pixels
K1, K2 = 0.01, 0.03
SCALES = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
_LEAST = 1e-4  # a power of a negative number has no gradient


def _mse(image: Any, reconstruction: Any) -> Any:
    return tf.reduce_mean(tf.square(image - reconstruction))


def _mae(image: Any, reconstruction: Any) -> Any:
    return tf.reduce_mean(tf.abs(image - reconstruction))


def _ssim_l1(image: Any, reconstruction: Any, alpha: float) -> Any:
    """H. Zhao et al., "Loss Functions for Image Restoration with Neural Networks" (2017), on one scale."""
    structure = 1 - tf.reduce_mean(ssim(image, reconstruction))
    return alpha * structure + (1 - alpha) * _mae(image, reconstruction)


def _rate_distortion(image: Any, reconstruction: Any, lmbda: float) -> Any:
    """The distortion of J. Balle et al., "Variational image compression with a scale hyperprior" (2018), of 255."""
    return lmbda * 255**2 * _mse(image, reconstruction)


LOSSES: dict[str, Callable[..., Any]] = {
    "mse": _mse,
    "mae": _mae,
    "ssim_l1": _ssim_l1,
    "ms_ssim": lambda image, reconstruction: 1 - tf.reduce_mean(ms_ssim(image, reconstruction)),
    "rate_distortion": _rate_distortion,
}


def loss_parts(terms: Sequence[LossTerm], image: Any, reconstruction: Any, bpp: Any = None) -> dict[str, Any]:
    """The weighted sum under "loss"; where it has several parts, each of them under its name, without its weight.

    Args:
        terms: of the spec.
        image, reconstruction: float32 (batch, height, width, channels).
        bpp: estimated bits per pixel, a part of `rate_distortion`; None where the latent is not trained.
    """
    parts = {term.name: LOSSES[term.name](image, reconstruction, **term.arguments) for term in terms}
    total = tf.add_n([term.weight * parts[term.name] for term in terms])
    if bpp is not None:
        total += sum(term.weight for term in terms if term.name == "rate_distortion") * bpp
        parts["estimated_bpp"] = bpp
    return {"loss": total, **(parts if len(parts) > 1 else {})}


def pixels(reconstruction: Any) -> Any:
    """A reconstruction as pixels, float32: rounded to whole levels 0..255."""
    return tf.round(tf.clip_by_value(reconstruction, 0.0, 1.0) * 255.0)


def ssim(image: Any, reconstruction: Any) -> Any:
    """SSIM of each image, mean over windows and channels; equal to scikit-image's on what evaluation measures.

    Z. Wang et al., "Image Quality Assessment: From Error Visibility to Structural Similarity" (2004). Only windows that
    lie inside the image count.

    Args:
        image, reconstruction: float32 (batch, height, width, channels), 0..1; sides of at least 11.

    Returns:
        float32 (batch,).
    """
    whole, _ = _maps(image, reconstruction)
    return tf.reduce_mean(whole, axis=(1, 2, 3))


def ms_ssim(image: Any, reconstruction: Any) -> Any:
    """Of each image over five scales, mean over channels; sides of at least 176. See `ssim`.

    Z. Wang et al., "Multiscale Structural Similarity for Image Quality Assessment" (2003).
    """
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
    """float32 (side - 10, side): each row the window at its place.

    The window is separable: two products with such a matrix are faster on a CPU than convolutions of a channel each.
    """
    offsets = np.arange(WINDOW) - WINDOW // 2
    window = np.exp(-(offsets**2) / (2 * SIGMA**2))
    band = np.zeros((side - WINDOW + 1, side), np.float32)
    for row in range(len(band)):
        band[row, row : row + WINDOW] = window / window.sum()
    return tf.constant(band)
