"""What fits a trained codec to int8: black and white blocks stay within its range, and the codes' kernel is rounded."""

from __future__ import annotations

from typing import Any

import numpy as np
import tf_keras as keras

from host.errors import ModelError
from host.networks.prior import PACE
from host.tasks.codec.layers import Dequantize, QualityGain
from host.tasks.codec.networks import Codec

_MARGIN = 0.5  # steps
_DAMPING = 1e-4  # added to the inputs' variances (of 0..1): where there is no detail nothing may be taken back


def fit_reach(codec: Codec) -> np.ndarray:
    """Scales the channels of a trained codec that black or white saturates at the finest step.

    Only the mean of a block becomes that large. Where the finest step is too fine for it, its row of the encoder's last
    kernel is scaled down and the decoder's weights that read it are scaled up: its step is coarser at every quality.
    The network is otherwise the same.

    Returns:
        The factor of each channel: float32 (channels,), 1 where it has room.

    Raises:
        ModelError: such a channel is read by a layer that holds no weight for each channel.
    """
    grid, quantizer = codec.spec.options.grid, codec.quantizer
    side = grid.before + grid.block + grid.after
    plain = np.ones((1, side, side, 3), np.float32) * np.array([0, 1], np.float32)[:, None, None, None]
    found = codec.encoder.predict(plain, verbose=0)[:, 0, 0] / min(codec.spec.options.steps)
    over = np.maximum(found / (quantizer.high - _MARGIN), found / (quantizer.low + _MARGIN)).max(0)
    scales = (1 / np.maximum(over, 1)).astype(np.float32)
    _rescale_decoder(codec.decoder, scales)
    layer, prior = codec.encoder.layers[-1], codec.prior
    layer.set_weights([weight * scales for weight in layer.get_weights()])
    prior.centre.assign(prior.centre * scales[:, None])
    prior.log_width.assign(prior.log_width + np.log(scales)[:, None] / PACE)
    return scales


def _rescale_decoder(decoder: keras.Model, scales: np.ndarray) -> None:
    """Divides what reads the latent by a scale for each channel; raises ModelError as `fit_reach`."""
    latent = next(layer for layer in decoder.layers if isinstance(layer, Dequantize))
    for node in latent.outbound_nodes:
        layer = node.outbound_layer
        if isinstance(layer, QualityGain):
            layer.gain.assign(layer.gain / scales)
        elif type(layer) is keras.layers.Conv2D:
            layer.kernel.assign(layer.kernel / scales[:, None])
        elif (scales != 1).any():
            raise ModelError(
                f"decoder layer {layer.name}: black or white saturates a code, and this layer cannot take the "
                "coarser step that would cure it; let a Conv2D or QualityGain read the latent, or raise the least step"
            )


def round_codes_kernel(codec: Codec, images: np.ndarray) -> None:
    """Sets the last layer of the encoder to rounded weights, and its bias to the same mean output.

    Plain rounding distorts the mean of a block most, although the mean carries the most energy. So weights are rounded
    one after another, and later weights compensate each rounding error as the inputs' covariance says: E. Frantar et
    al., "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained Transformers" (2023),
    https://arxiv.org/abs/2210.17323.

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
