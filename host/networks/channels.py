"""Which channels of a network could leave it, and the network without them.

    convolution  ->  batch normalization, ReLU, depthwise convolution, pooling  ->  convolution, dense layer
    (makes them)     (treat each channel by itself)                                 (reads them)

Channels can go where every layer between the one that makes them and those that read them treats each channel by
itself. The features that a head reads are such channels. Channels that reach an Add or a Concatenate stay: each branch
would have to lose the same ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tf_keras as keras

_MAKERS = (keras.layers.Conv2D, keras.layers.Dense)
_CHANNELWISE = (
    *(keras.layers.BatchNormalization, keras.layers.DepthwiseConv2D, keras.layers.ReLU, keras.layers.LeakyReLU),
    *(keras.layers.Dropout, keras.layers.SpatialDropout2D, keras.layers.GaussianNoise, keras.layers.GaussianDropout),
    *(keras.layers.MaxPooling2D, keras.layers.AveragePooling2D, keras.layers.UpSampling2D),
    *(keras.layers.GlobalAveragePooling2D, keras.layers.GlobalMaxPooling2D),
    *(keras.layers.ZeroPadding2D, keras.layers.Cropping2D, keras.layers.Flatten),
)
Kept = Mapping[str, list[int]]  # layer that makes channels -> the channels that stay, in their order


@dataclass(frozen=True)
class Flows:
    """Attributes:
    made: layer -> the layer that makes the channels of its output; None where that is not known.
    read: layer -> the same for its one input.
    removable: the layers that make channels that can go.
    readers: each of these layers -> those that make new channels of its channels.
    """

    made: Mapping[str, str | None]
    read: Mapping[str, str | None]
    removable: tuple[str, ...]
    readers: Mapping[str, tuple[str, ...]]


def channel_flows(network: keras.Model) -> Flows:
    """Follows the channels of a functional network, each of whose layers is called once."""
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
    removable = tuple(name for name, flow in made.items() if flow == name and name not in staying)
    readers = {name: tuple(each for each in read if read[each] == name and made[each] == each) for name in removable}
    return Flows(made, read, removable, readers)


def narrowed(network: keras.Model, kept: Kept) -> keras.Model:
    """A copy without the other channels; its layers have the same names, and the weights that are left.

    Raises:
        ValueError: the network has no such layer or channels, or they cannot leave it.
    """
    flows = channel_flows(network)
    for name, channels in kept.items():
        if name not in flows.removable or not set(channels) <= set(range(width(network.get_layer(name)))):
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
            count = width(network.get_layer(flows.read[layer.name])) if read is not None else 0
            weights = [_left(layer, weight, read, made, count) for weight in layer.get_weights()]
            smaller.get_layer(layer.name).set_weights(weights)
    return smaller


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


def width(maker: Any) -> int:
    """The channels that a layer makes."""
    return int(maker.kernel.shape[-1])


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
