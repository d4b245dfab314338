"""Rounds the codes' kernel to int8 levels so that each weight compensates the rounding errors of earlier ones.

Plain rounding distorts the mean of a block most, although the mean carries the most energy. So weights are rounded one
after another, and later weights compensate each rounding error as the inputs' covariance says: E. Frantar et al.,
"GPTQ: Accurate Post-Training Quantization for Generative Pre-trained Transformers" (2023),
https://arxiv.org/abs/2210.17323.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tf_keras as keras

from host.tasks.codec.networks import Codec

_DAMPING = 1e-4  # added to the inputs' variances (of 0..1): where there is no detail nothing may be taken back


def round_codes_kernel(codec: Codec, images: np.ndarray) -> None:
    """Sets the last layer of the encoder to rounded weights, and its bias to the same mean output.

    Args:
        images: float32 (count, height, width, 3), 0..1, with their halo.
    """
    layer = codec.encoder.layers[-1]
    inputs = keras.Model(codec.encoder.input, layer.input).predict(images, batch_size=16, verbose=0)
    inputs = inputs.reshape(-1, inputs.shape[-1]).astype(np.float64)
    kernel, bias = layer.get_weights()
    matrix = kernel[0, 0].astype(np.float64)
    levels = rounded_levels(matrix, np.cov(inputs, rowvar=False))
    layer.set_weights([levels[None, None], bias + inputs.mean(0) @ (matrix - levels)])


def rounded_levels(matrix: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """A matrix (in, out) on 255 symmetric levels per column, the change of its output under `covariance` kept small.

    The largest weight of a column is rounded first, exactly, so that whoever rounds again finds the same levels.
    """
    rounded = np.empty_like(matrix)
    damped = covariance + _DAMPING * np.eye(len(covariance))
    for column in range(matrix.shape[1]):
        rounded[:, column] = _column(matrix[:, column], damped)
    return rounded


def _column(weights: np.ndarray, covariance: np.ndarray) -> Any:
    largest = int(np.abs(weights).argmax())
    rest = np.argsort(-np.diag(covariance), kind="stable")
    order = np.concatenate([[largest], rest[rest != largest]])
    inverse = np.linalg.cholesky(np.linalg.inv(covariance[np.ix_(order, order)])).T
    left, scale = weights[order].copy(), np.abs(weights).max() / 127
    for index in range(len(left)):
        level = np.clip(np.round(left[index] / scale), -127, 127) * scale
        left[index + 1 :] -= (left[index] - level) / inverse[index, index] * inverse[index, index + 1 :]
        left[index] = level
    result = np.empty_like(left)
    result[order] = left
    return result
