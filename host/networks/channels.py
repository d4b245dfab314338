"""Structured pruning: whole channels leave a network, so that its file shrinks and its time does.

    convolution  ->  batch normalization, ReLU, depthwise convolution, pooling  ->  convolution, dense layer
    (makes them)     (treat each channel by itself)                                 (reads them)

Channels can go where every layer between the one that makes them and those that read them treats each channel by
itself. The features that a head reads are such channels. Channels that reach an Add or a Concatenate stay: each branch
would have to lose the same ones. A filter's importance is its L1 norm (H. Li et al., "Pruning Filters for Efficient
ConvNets", 2017) times what the batch normalization behind it scales it by (Z. Liu et al., "Learning Efficient
Convolutional Networks through Network Slimming", 2017): the norm of the filter that the device computes with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tf_keras as keras

MULTIPLE = 8  # integer kernels compute so many channels at once: another number costs memory and saves no time

_MAKERS = (keras.layers.Conv2D, keras.layers.Dense)
_CHANNELWISE = (
    *(keras.layers.BatchNormalization, keras.layers.DepthwiseConv2D, keras.layers.ReLU, keras.layers.LeakyReLU),
    *(keras.layers.Dropout, keras.layers.SpatialDropout2D, keras.layers.GaussianNoise, keras.layers.GaussianDropout),
    *(keras.layers.MaxPooling2D, keras.layers.AveragePooling2D, keras.layers.UpSampling2D),
    *(keras.layers.GlobalAveragePooling2D, keras.layers.GlobalMaxPooling2D),
    *(keras.layers.ZeroPadding2D, keras.layers.Cropping2D, keras.layers.Flatten),
)
Kept = Mapping[str, list[int]]  # layer that makes channels -> the channels that stay, in their order


def choose_channels(network: keras.Model, share: float) -> dict[str, list[int]]:
    """The channels that stay when each layer loses a share of its own, the least important ones.

    Layers are not ranked against each other: their norms do not compare, and one could lose all channels.

    Args:
        network: functional, each layer called once.
        share: 0..1 of the channels; what stays is rounded to a multiple of 8, and is 8 at least.

    Returns:
        Only layers that lose channels.
    """
    kept = {}
    for name in _flows(network).removable:
        importance = _importance(network.get_layer(name))
        count = max(MULTIPLE * int((1 - share) * len(importance) / MULTIPLE + 0.5), MULTIPLE)
        if count < len(importance):
            best = np.argsort(-importance, kind="stable")[:count]
            kept[name] = sorted(int(index) for index in best)
    return kept


def narrowed(network: keras.Model, kept: Kept) -> keras.Model:
    """A copy without the other channels; its layers have the same names, and the weights that are left.

    Raises:
        ValueError: the network has no such layer or channels, or they cannot leave it.
    """
    flows = _flows(network)
    for name, channels in kept.items():
        if name not in flows.removable or not set(channels) <= set(range(_width(network.get_layer(name)))):
            raise ValueError(f"layer {name} has no such channels that could be removed")

    def copied(layer: Any) -> Any:
        config = layer.get_config()
        if layer.name in kept:
            config["units" if isinstance(layer, keras.layers.Dense) else "filters"] = len(kept[layer.name])
        return type(layer).from_config(config)

    smaller = keras.models.clone_model(network, clone_function=copied)
    for layer in network.layers:
        if layer.weights:
            read, made = (kept.get(flow or "") for flow in (flows.read.get(layer.name), flows.made[layer.name]))
            count = _width(network.get_layer(flows.read[layer.name])) if read is not None else 0
            weights = [_left(layer, weight, read, made, count) for weight in layer.get_weights()]
            smaller.get_layer(layer.name).set_weights(weights)
    return smaller


@dataclass(frozen=True)
class _Flows:
    """Attributes:
    made: layer -> the layer that makes the channels of its output; None where that is not known.
    read: layer -> the same for its one input.
    removable: the layers that make channels that can go.
    """

    made: Mapping[str, str | None]
    read: Mapping[str, str | None]
    removable: list[str]


def _flows(network: keras.Model) -> _Flows:
    made: dict[str, str | None] = {}
    read: dict[str, str | None] = {}
    staying = set()
    for layer in network.layers:
        before = layer.inbound_nodes[0].inbound_layers
        sources = [made[each.name] for each in (before if isinstance(before, list) else [before])]
        flow = None
        if len(sources) == len(layer.inbound_nodes) == 1 and _reads_alone(layer):
            read[layer.name] = sources[0]
            flow = layer.name if isinstance(layer, _MAKERS) else sources[0]
        else:
            staying |= set(sources)
        made[layer.name] = flow
        if _mixes(layer):
            staying.add(flow)
    staying |= {made[name] for name in network.output_names}
    makers = [name for name, flow in made.items() if flow == name]
    return _Flows(made, read, [name for name in makers if name not in staying])


def _reads_alone(layer: Any) -> bool:
    """Whether a layer makes new channels from its input's, or treats each of these by itself."""
    if isinstance(layer, keras.layers.Conv2DTranspose):  # a Conv2D to Keras, with its kernel's axes turned
        return False
    if isinstance(layer, keras.layers.Conv2D):
        return bool(layer.groups == 1)
    if isinstance(layer, keras.layers.DepthwiseConv2D):
        return bool(layer.depth_multiplier == 1)
    if isinstance(layer, keras.layers.BatchNormalization):
        return bool(list(layer.axis) == [len(layer.input.shape) - 1])
    return isinstance(layer, (*_MAKERS, *_CHANNELWISE, keras.layers.Activation))


def _mixes(layer: Any) -> bool:
    """Whether the layer's activation reads all channels together."""
    return getattr(getattr(layer, "activation", None), "__name__", "") == "softmax"


def _width(maker: Any) -> int:
    return int(maker.kernel.shape[-1])


def _importance(maker: Any) -> np.ndarray:
    """float64 (channels,)."""
    kernel = np.abs(maker.get_weights()[0].astype(np.float64))
    norms: np.ndarray = kernel.reshape(-1, kernel.shape[-1]).sum(axis=0)
    following = [node.layer for node in maker.outbound_nodes]
    if len(following) == 1 and isinstance(following[0], keras.layers.BatchNormalization):
        normal = following[0]
        scale = 1.0 if normal.gamma is None else np.abs(normal.gamma.numpy().astype(np.float64))
        norms = norms * scale / np.sqrt(normal.moving_variance.numpy() + normal.epsilon)
    return norms


def _left(layer: Any, weight: np.ndarray, read: list[int] | None, made: list[int] | None, count: int) -> np.ndarray:
    """What is left of a layer's weight.

    Args:
        count: channels that the layer read before.
    """
    if isinstance(layer, _MAKERS):
        if read is not None and weight.ndim > 1:
            # Behind a Flatten each channel comes again for each pixel.
            rows = np.add.outer(count * np.arange(weight.shape[-2] // count), read).ravel()
            weight = np.take(weight, rows, axis=-2)
        return weight if made is None else weight[..., made]
    if read is None:
        return weight
    return weight[:, :, read] if weight.ndim == 4 else weight[read]
