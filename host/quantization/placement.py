"""Which layers a variant computes in which type, and which of them were trained for it: what its recipe says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from host.networks.layer_names import NamedLayer, kept_type
from host.quantization.recipes import CONVERSIONS
from host.spec.catalogue import LAYERS
from host.spec.sections import AWARE_KINDS, QUANTIZED
from host.spec.types import RecipeSpec, Spec

KERNELS = [name for name, kind in LAYERS.items() if kind.weighted]
_FOUR_BITS = ("Conv2D", "Dense")  # what has a kernel for 4-bit weights; others keep 8


@dataclass(frozen=True)
class Placement:
    """Attributes:
    types: layer with a kernel -> the type that it computes in, such as "float32", "int8", "int4_weights".
    trained: those of them whose stage trained with fake quantization.
    """

    types: dict[str, str] = field(default_factory=dict)
    trained: tuple[str, ...] = ()


@dataclass(frozen=True)
class Types:
    """Attributes:
    weights: the type that they are stored in; "" of what has none.
    activations: the type that they are computed in.
    """

    weights: str
    activations: str


def placement(spec: Spec, recipe: RecipeSpec) -> Placement:
    """Of the layers that the spec lists itself, in their order."""
    layers = list(_layers(spec))
    trained = [each.name for each in layers if is_trained(spec, recipe, each)]
    return Placement({each.name: _type(each, recipe) for each in layers}, tuple(trained))


def is_trained(spec: Spec, recipe: RecipeSpec, layer: NamedLayer) -> bool:
    """Whether the stage whose weights a recipe converts trained a layer with fake quantization."""
    stage = spec.training.stages[recipe.weights]
    patterns = stage.options.get(QUANTIZED) or ("*",)
    return stage.kind in AWARE_KINDS and any(map(layer.matches, patterns))


def operation_types(kind: str, layers: Sequence[NamedLayer], recipe: RecipeSpec | None) -> Types:
    """The types of one operation in a recipe's file.

    Args:
        kind: Keras class of the layer that it is made of first.
        layers: this layer, and those that are fused with it.
        recipe: None for what is not converted.
    """
    conversion = CONVERSIONS["float32" if recipe is None else recipe.conversion]
    weights, activations = conversion.weights, conversion.activations
    kept = None if recipe is None else kept_type(layers, recipe.layers)
    if kept is not None:
        weights, activations = "float32" if kept == "float32" else "int8", kept
    if weights == "int4" and kind not in _FOUR_BITS:
        weights = "int8"
    return Types(weights if kind in KERNELS else "", activations)


def by_layer(spec: Spec) -> bool:
    """Whether some recipe or stage of a spec treats layers differently."""
    chosen = [recipe.layers for recipe in spec.quantization.recipes.values()]
    return any(chosen) or any(stage.options.get(QUANTIZED) for stage in spec.training.stages.values())


def _type(layer: NamedLayer, recipe: RecipeSpec) -> str:
    kept = kept_type([layer], recipe.layers)
    default = "int8" if recipe.conversion == "mixed" else recipe.conversion
    return kept or default


def _layers(spec: Spec) -> Iterator[NamedLayer]:
    for network, layers in spec.networks.items():
        yield from (NamedLayer(each.name, network, "") for each in layers if each.layer in KERNELS)
