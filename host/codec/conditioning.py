"""Well-conditioned training of the layers that read pixels.

Pixels are alike: of a 16x16 block's variance almost all lies in one direction, and their mean is far from 0. Adam then
moves every output up and down with the mean of the picture, and hardly along the directions with detail. So while it
is trained such a layer's kernel is kept as it would be for decorrelated inputs of mean 0 and deviation 1, and folded
back for everything else. The function is the same; only what a step of the optimizer does to it is not.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras as keras

from host.codec.layers import RoundedConv2D
from host.codec.spec import CodecSpec
from host.spec import LayerSpec

_LEAST_VARIANCE = 1e-5  # of pixels in 0..1: about the rounding of the int8 tensor times 8


def condition(spec: CodecSpec, encoder: keras.Model, images: np.ndarray) -> list[RoundedConv2D]:
    """Sets `mixing` and `mean` of the layers that read the pixels' layer, and their kernels to the same function.

    Args:
        images: float32 (count, height, width, 3), 0..1, of the encoder's input.

    Returns:
        The layers, in the spec's order.
    """
    sizes = _readers(spec)
    layers = [encoder.get_layer(name) for name in sizes]
    values = keras.Model(encoder.input, [layer.input for layer in layers]).predict(images, batch_size=16, verbose=0)
    for layer, value, size in zip(layers, values if len(layers) > 1 else [values], sizes.values(), strict=True):
        mixing, mean = _whitening(value.reshape(-1, value.shape[-1]), size)
        kernel, bias = layer.get_weights()
        layer.mixing, layer.mean = tf.Variable(mixing, trainable=False), tf.Variable(mean, trainable=False)
        turned = np.einsum("ij,yxjo->yxio", np.linalg.inv(mixing.astype(np.float64)), kernel)
        layer.set_weights([turned, bias + np.einsum("i,yxio->o", mean, kernel)])
    return layers


def _readers(spec: CodecSpec) -> dict[str, int]:
    """Names of the layers that read pixels -> how many of their inputs, the first ones, are pixels."""
    pixels = {layer.name: layer.arguments["filters"] for layer in spec.encoder if _starts(layer, "luma_chroma")}
    found = {}
    for layer in spec.encoder:
        source = layer.inputs[0]
        if layer.layer in ("FixedRange", "Cropping2D", "SpaceToDepth", "Concatenate") and source in pixels:
            pixels[layer.name] = pixels[source] * layer.arguments.get("block", 1) ** 2
        elif layer.layer == "RoundedConv2D" and source in pixels:
            found[layer.name] = pixels[source]
    return found


def _starts(layer: LayerSpec, name: str) -> bool:
    return layer.initializer.get("name") == name


def effective_weights(model: Any) -> list[Any]:
    """The tensors of `model.weights`, in its order, with the kernels and biases of conditioned layers folded back."""
    folded = {}
    for layer in getattr(model, "layers", []):
        if isinstance(layer, RoundedConv2D):
            kernel, bias = layer.effective()
            folded[layer.kernel.ref()], folded[layer.bias.ref()] = kernel, bias
    return [folded.get(weight.ref(), weight) for weight in model.weights]


def _whitening(values: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Mixing (width, width) and mean (width,) that whiten the first `size` columns and leave the others alone."""
    width = values.shape[1]
    mixing, mean = np.eye(width, dtype=np.float32), np.zeros(width, np.float32)
    some = values[:, :size].astype(np.float64)
    mean[:size] = some.mean(0)
    variances, vectors = np.linalg.eigh(np.cov(some, rowvar=False))
    mixing[:size, :size] = vectors / np.sqrt(np.maximum(variances, _LEAST_VARIANCE))
    return mixing, mean
