"""Structured pruning: whole channels leave a network, so that its file shrinks and its time does.

What a channel is worth is what it adds to the layers that read it, as ThiNet has it (J.-H. Luo et al., "ThiNet: A
Filter Level Pruning Method", 2017): the root mean square of its values on some images, times the norm of the weights
that it is read with. Norms of the filters themselves (H. Li et al., "Pruning Filters for Efficient ConvNets", 2017)
need no images, but know nothing of the layers between: MobileNetV2 without a quarter of its channels keeps most of its
accuracy in the first way, and is as good as random in the second. What a channel adds on average stays: it is moved
into the biases of the layers that read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tf_keras as keras

from host.networks.channels import Kept, channel_flows, narrowed, width

MULTIPLE = 8  # integer kernels compute so many channels at once: another number costs memory and saves no time
_AT_ONCE = 16  # images, since the inputs of all layers are in memory together


@dataclass(frozen=True)
class Moments:
    """Of what a layer reads, by channel, float64 (channels,).

    Attributes:
        mean: the mean.
        square: the mean square.
    """

    mean: np.ndarray
    square: np.ndarray


def choose_channels(network: keras.Model, share: float, moments: Mapping[str, Moments]) -> dict[str, list[int]]:
    """The channels that stay when each layer loses a share of its own, those that add least.

    Args:
        share: 0..1 of the channels; what stays is rounded to a multiple of 8, and is 8 at least.
        moments: by layer that reads; see `read_moments`.

    Returns:
        Only layers that lose channels.
    """
    kept = {}
    for name, readers in channel_flows(network).readers.items():
        count = width(network.get_layer(name))
        staying = max(MULTIPLE * int((1 - share) * count / MULTIPLE + 0.5), MULTIPLE)
        if staying < count:
            added = np.zeros(count)
            for reader in readers:
                layer = network.get_layer(reader)
                norms = np.sqrt(((_rows(layer, count) * _output_scale(layer)) ** 2).sum(axis=(0, 2)))
                added += norms * np.sqrt(moments[reader].square)
            kept[name] = sorted(int(index) for index in np.argsort(-added, kind="stable")[:staying])
    return kept


def shrunk(network: keras.Model, kept: Kept, moments: Mapping[str, Moments]) -> keras.Model:
    """A copy without the other channels, with their means in the biases of the layers that read them.

    Raises:
        ValueError: the network has no such layer or channels, or they cannot leave it.
    """
    smaller = narrowed(network, kept)
    readers = channel_flows(network).readers
    for name, channels in kept.items():
        count = width(network.get_layer(name))
        gone = np.setdiff1d(np.arange(count), channels)
        for reader in readers[name]:
            rows = _rows(network.get_layer(reader), count)[:, gone]
            added = np.einsum("c,sco->o", moments[reader].mean[gone], rows)
            _add(smaller.get_layer(reader), added[kept.get(reader, slice(None))])
    return smaller


def read_moments(network: keras.Model, images: np.ndarray) -> dict[str, Moments]:
    """What the layers read that read channels which can go, by layer.

    Args:
        images: float32, what the network reads.
    """
    widths = {
        reader: width(network.get_layer(name))
        for name, readers in channel_flows(network).readers.items()
        for reader in readers
    }
    watched = keras.Model(network.input, [network.get_layer(name).input for name in widths])
    parts: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {name: [] for name in widths}
    for start in range(0, len(images), _AT_ONCE):
        inputs = watched.predict_on_batch(images[start : start + _AT_ONCE])
        for (name, count), values in zip(widths.items(), inputs if len(widths) > 1 else [inputs], strict=True):
            # Behind a Flatten each channel comes again for each pixel.
            values = values.reshape(len(values), -1, count).astype(np.float64)
            parts[name].append((values.mean(axis=1), (values**2).mean(axis=1)))
    return {
        name: Moments(*(np.concatenate(part).mean(axis=0) for part in zip(*found, strict=True)))
        for name, found in parts.items()
    }


def _rows(reader: Any, channels: int) -> np.ndarray:
    """A layer's kernel, float64 (positions, channels that it reads, channels that it makes)."""
    kernel = reader.kernel.numpy().astype(np.float64)
    return np.asarray(kernel.reshape(-1, channels, kernel.shape[-1]))


def _output_scale(reader: Any) -> Any:
    """What a layer's output is scaled by in the batch normalization behind it."""
    normal = _normalization(reader)
    if normal is None:
        return 1.0
    scale = 1 / np.sqrt(normal.moving_variance.numpy() + normal.epsilon)
    return scale if normal.gamma is None else normal.gamma.numpy() * scale


def _normalization(layer: Any) -> Any | None:
    following = [node.layer for node in layer.outbound_nodes]
    alone = len(following) == 1 and isinstance(following[0], keras.layers.BatchNormalization)
    return following[0] if alone else None


def _add(layer: Any, added: np.ndarray) -> None:
    """Adds a constant to a layer's output; where it has no biases, to the normalization behind it, or not at all."""
    if layer.use_bias:
        layer.bias.assign_add(added)
    elif (normal := _normalization(layer)) is not None:
        normal.moving_mean.assign_sub(added)
