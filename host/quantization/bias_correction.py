"""Biases that make up for what the rounding of weights takes from the mean of each channel.

M. Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction" (2019), section 4.2, with the
mean measured on calibration images. Rounding a kernel w to w' adds (w' - w) * x to what a layer computes. Where what it
reads has a mean, as behind ReLU, so has this error: it moves all of a channel's values the same way, and a bias can
take it back. The layers' own inputs are those of the float network: what earlier layers do wrong is not counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras as keras

from host.errors import ExportError
from host.networks.layer_names import kept_type, named_layers
from host.quantization.aware import is_folded
from host.quantization.by_hand import computed, kernel_of, rounded_kernel

_AT_ONCE = 32  # inputs, since what all layers read is in memory together
_KERNELS = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D, keras.layers.Dense)


@contextmanager
def corrected_biases(network: keras.Model, samples: np.ndarray, layers: Mapping[str, str]) -> Iterator[None]:
    """Within it the network's biases are corrected.

    A convolution before a batch normalization, which the converter folds into it, needs no bias of its own: there the
    moving mean is corrected. Transposed convolutions are left as they are, and so are layers without a bias.

    Args:
        network: with its weights; functional, or a functional one called by another.
        samples: float32 (count, ...), what it reads.
        layers: name or pattern of layers -> type in which they are kept; in float32 nothing is rounded.

    Raises:
        ExportError: there is nothing to correct, as after quantization-aware training, which learns its biases.
    """
    inner = _inner(network)
    kept = {each.name for each in named_layers(inner) if kept_type([each], layers) == "float32"}
    places = {layer: place for layer in inner.layers if layer.name not in kept and (place := _place(layer)) is not None}
    if not places:
        raise ExportError("no layer's bias can be corrected; weights of quantization-aware training learned theirs")
    before = [place.numpy() for place in places.values()]
    errors = _mean_errors(inner, list(places), samples)
    try:
        for (layer, place), error in zip(places.items(), errors, strict=True):
            place.assign_add(error if _normal(layer) is not None else -error)
        yield
    finally:
        for place, value in zip(places.values(), before, strict=True):
            place.assign(value)


def _inner(network: keras.Model) -> keras.Model:
    """The network whose layers are its own: the converters are given one that only calls another."""
    called = [layer for layer in network.layers if hasattr(layer, "layers")]
    return _inner(called[0]) if len(called) == 1 and not any(_is_kernel(layer) for layer in network.layers) else network


def _is_kernel(layer: Any) -> bool:
    return isinstance(layer, _KERNELS) and not isinstance(layer, keras.layers.Conv2DTranspose)


def _normal(layer: Any) -> Any | None:
    """The batch normalization that is folded into a layer."""
    following = layer.outbound_nodes[0].layer if len(layer.outbound_nodes) == 1 else None
    return following if following is not None and is_folded(following) else None


def _place(layer: Any) -> Any | None:
    """The variable that moves what a layer computes, all of a channel alike; None where there is none."""
    if not _is_kernel(layer):
        return None
    normal = _normal(layer)
    if normal is not None:
        return normal.moving_mean
    return layer.bias if layer.use_bias else None


def _mean_errors(network: keras.Model, layers: list[Any], samples: np.ndarray) -> list[np.ndarray]:
    """What rounding its kernel adds to each layer's output, the mean of each channel: float32 (channels,)."""
    reading = keras.Model(network.input, [layer.input for layer in layers])

    @tf.function(reduce_retracing=True)
    def errors(images: Any) -> list[Any]:
        inputs = reading(images, training=False)
        read = inputs if len(layers) > 1 else [inputs]
        wrong = [rounded_kernel(layer) - kernel_of(layer) for layer in layers]
        return [_mean(computed(*each)) for each in zip(layers, read, wrong, strict=True)]

    totals = [np.zeros(int(place.shape[0]), np.float64) for place in map(_place, layers) if place is not None]
    for start in range(0, len(samples), _AT_ONCE):
        some = samples[start : start + _AT_ONCE]
        for total, found in zip(totals, errors(tf.constant(some)), strict=True):
            total += len(some) * found.numpy()
    return [(total / len(samples)).astype(np.float32) for total in totals]


def _mean(values: Any) -> Any:
    return tf.reduce_mean(values, axis=tuple(range(len(values.shape) - 1)))
