"""The losses by the spec's names. Images and reconstructions are float32 in 0..1."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from host.spec.types import LossTerm
from host.training.ssim import ms_ssim, ssim


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
