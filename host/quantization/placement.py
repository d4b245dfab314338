"""Which layers a variant computes in which type, and which of them were trained for it: what its recipe says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from host.networks.layer_names import NamedLayer, kept_type
from host.spec.sections import QUANTIZED
from host.spec.types import RecipeSpec, Spec

_KERNELS = ("Conv1D", "Conv2D", "Conv2DTranspose", "Dense", "DepthwiseConv2D", "SeparableConv2D")
_AWARE = ("qat", "fake_quant")  # kinds of stages


@dataclass(frozen=True)
class Placement:
    """Attributes:
    types: layer with a kernel -> the type that it computes in, such as "float32", "int8", "int4_weights".
    trained: those of them whose stage trained with fake quantization.
    """

    types: dict[str, str] = field(default_factory=dict)
    trained: tuple[str, ...] = ()


def placement(spec: Spec, recipe: RecipeSpec) -> Placement:
    """Of the layers that the spec lists itself, in their order."""
    layers = list(_layers(spec))
    stage = spec.training.stages[recipe.weights]
    patterns = stage.options.get(QUANTIZED) or ("*",)
    trained = [each.name for each in layers if stage.kind in _AWARE and any(map(each.matches, patterns))]
    return Placement({each.name: _type(each, recipe) for each in layers}, tuple(trained))


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
        yield from (NamedLayer(each.name, network, "") for each in layers if each.layer in _KERNELS)
