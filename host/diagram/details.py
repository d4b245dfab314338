"""What a box says of a layer beside its name: the arguments that tell what it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Config = Mapping[str, Any]


def detail(kind: str, config: Config) -> str:
    """A layer's arguments in some words; "" where its kind says it all.

    Args:
        kind: its class in Keras, or the layer of Keras that it is made of.
        config: Keras' own.
    """
    return ", ".join(filter(None, _DETAILS.get(kind, _nothing)(config)))


def sides(value: Any) -> str:
    """A side, or several: 3×3, 2×1."""
    return "×".join(map(str, value)) if isinstance(value, (tuple, list)) else f"{value}×{value}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _convolution(config: Config) -> list[str]:
    filters = _count(config["filters"], "filter") if "filters" in config else ""
    return [sides(config["kernel_size"]), filters, *_places(config), _activation(config)]


def _places(config: Config) -> list[str]:
    stride, dilation = sides(config["strides"]), sides(config.get("dilation_rate", 1))
    one, groups, several = "1×1", config.get("groups", 1), sides(config["kernel_size"])
    return [
        "" if stride == one else f"stride {_short(config['strides'])}",
        "" if dilation == one else f"dilation {_short(config['dilation_rate'])}",
        "" if groups == 1 else f"{groups} groups",
        "valid" if config["padding"] == "valid" and several not in (one, stride) else "",
    ]


def _short(value: Any) -> str:
    return str(value[0]) if len(set(value)) == 1 else sides(value)


def _activation(config: Config) -> str:
    name = str(config.get("activation", "linear"))
    return "" if name == "linear" else name


def _dense(config: Config) -> list[str]:
    return [_count(config["units"], "unit"), _activation(config)]


def _pooling(config: Config) -> list[str]:
    pool, strides = config["pool_size"], config["strides"]
    return [sides(pool), "" if strides == pool else f"stride {_short(strides)}"]


def _relu(config: Config) -> list[str]:
    highest = config["max_value"]
    return ["" if highest is None else f"up to {highest:g}"]


def _borders(config: Config) -> list[str]:
    (top, bottom), (left, right) = config.get("padding") or config["cropping"]
    values = top, bottom, left, right
    if len(set(values)) == 1:
        return [f"{top} on each side"]
    return [f"{top} above, {bottom} below, {left} left, {right} right"]


def _nothing(config: Config) -> list[str]:
    return []


_DETAILS: dict[str, Callable[[Config], list[str]]] = {
    "Conv2D": _convolution,
    "Conv2DTranspose": _convolution,
    "DepthwiseConv2D": _convolution,
    "SeparableConv2D": _convolution,
    "Dense": _dense,
    "MaxPooling2D": _pooling,
    "AveragePooling2D": _pooling,
    "UpSampling2D": lambda config: [sides(config["size"]), config["interpolation"]],
    "ReLU": _relu,
    "Activation": lambda config: [str(config["activation"])],
    "ZeroPadding2D": _borders,
    "Cropping2D": _borders,
    "Dropout": lambda config: [f"rate {config['rate']:g}"],
    "SpatialDropout2D": lambda config: [f"rate {config['rate']:g}"],
    # A task's own layers.
    "SpaceToDepth": lambda config: [f"blocks of {config['block']}×{config['block']}"],
    "DepthToSpace": lambda config: [f"blocks of {config['block']}×{config['block']}"],
    "FixedRange": lambda config: [f"{config['low']:g} to {config['high']:g}"],
}
