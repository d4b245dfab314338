"""What a task hands over to be diagnosed: a network as float32 and as quantized .tflite, and what it reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from host.errors import DiagnosisError
from host.quantization.recipes import CONVERSIONS, DEFAULTS, convert_network
from host.spec.types import RecipeSpec

if TYPE_CHECKING:
    import tf_keras as keras

_PREFIX = "quant_"  # of the layers of a quantization-aware network


@dataclass(frozen=True)
class KerasLayer:
    """A layer of the network that was converted.

    Attributes:
        weighted: it has a kernel; layers without one that follow it are often merged into its operation.
        inputs: names of the layers that it reads.
    """

    name: str
    weighted: bool
    inputs: tuple[str, ...] = ()


@dataclass(frozen=True)
class NetworkPair:
    """One network in two files that differ in their numbers' types.

    Attributes:
        network: its name, such as "encoder".
        layers: of the float32 network, in its order.
        float32, quantized: contents of the .tflite files, each with one input and one output.
        inputs: float32 (count, ...), what the network reads, without the batch of 1.
        output_range: to which the task clips the output of every variant, float32 too; None: to none.
    """

    network: str
    layers: tuple[KerasLayer, ...]
    float32: bytes
    quantized: bytes
    inputs: np.ndarray
    output_range: tuple[float, float] | None = None


@dataclass(frozen=True)
class Pairs:
    """A variant's networks.

    Attributes:
        aware: the weights come from quantization-aware training, so no other conversion takes them.
    """

    recipe: RecipeSpec
    networks: tuple[NetworkPair, ...]
    aware: bool = False


def whole_pair(
    name: str,
    network: keras.Model,
    quantized: bytes,
    inputs: np.ndarray,
    output_range: tuple[float, float] | None = None,
) -> NetworkPair:
    """A whole network that reads images, beside its file.

    Args:
        network: without fake quantization; it is converted to float32 here.
        quantized, inputs, output_range: as in `NetworkPair`.
    """
    import tf_keras as keras

    image = keras.Input(inputs.shape[1:], batch_size=1, name="image")
    plain = convert_network(keras.Model(image, network(image)), DEFAULTS["float32"], None)
    return NetworkPair(name, keras_layers(network), plain, quantized, inputs, output_range)


def keras_layers(network: keras.Model) -> tuple[KerasLayer, ...]:
    """The layers of a network and of the networks in it, in their order."""
    return tuple(_layers(network))


def _layers(network: keras.Model) -> Iterator[KerasLayer]:
    for layer in network.layers:
        if hasattr(layer, "layers"):
            yield from _layers(layer)
            continue
        sources = [inbound.name for node in layer.inbound_nodes for inbound, *_ in node.iterate_inbound()]
        weighted = any("kernel" in weight.name.rpartition("/")[2] for weight in layer.weights)
        yield KerasLayer(layer.name, weighted, tuple(dict.fromkeys(sources)))


def integer_recipe(model: str, recipes: Mapping[str, RecipeSpec], variant: str) -> RecipeSpec:
    """The recipe of a variant whose activations are integers; raises DiagnosisError for any other."""
    integer = [name for name, recipe in recipes.items() if _is_integer(recipe)]
    available = f"available: {', '.join(integer)}" if integer else "it has no variant with integer activations"
    if variant not in recipes:
        raise DiagnosisError(f"{model}: no variant {variant!r}; {available}")
    if variant not in integer:
        raise DiagnosisError(f"{model} {variant}: its activations are float32, so no layer rounds them; {available}")
    return recipes[variant]


def _is_integer(recipe: RecipeSpec) -> bool:
    return CONVERSIONS[recipe.conversion].activations != "float32"


def chosen_inputs(inputs: np.ndarray, count: int) -> np.ndarray:
    """At most `count` of the inputs, spread evenly over all."""
    return inputs[np.unique(np.linspace(0, len(inputs) - 1, min(count, len(inputs))).astype(int))]


def original_name(component: str) -> str:
    """A layer's name without what quantization-aware training puts before it."""
    return component.removeprefix(_PREFIX)


def real(values: np.ndarray, scale: Any, zero_point: Any, axis: int = 0) -> np.ndarray:
    """Integers as the numbers that they stand for: float32.

    Args:
        scale, zero_point: of the tensor, or one for each position along `axis`.
    """
    scales, zeros = np.atleast_1d(np.asarray(scale, np.float32)), np.atleast_1d(np.asarray(zero_point))
    if len(scales) > 1:
        shape = [1] * values.ndim
        shape[axis] = -1
        scales, zeros = (np.broadcast_to(each, len(scales)).reshape(shape) for each in (scales, zeros))
    made: np.ndarray = ((values.astype(np.float64) - zeros) * scales).astype(np.float32)
    return made
