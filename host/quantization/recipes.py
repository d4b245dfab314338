"""A variant is a recipe: which weights x which conversion x how many calibration images. Both tables are literal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from host.quantization.tensorflow_converter import tensorflow_converter
from host.spec.types import RecipeSpec, Spec

if TYPE_CHECKING:
    import numpy as np

# (Keras network of batch 1, conversion, representative inputs without the batch: float32, read only where activations
# are integers) -> .tflite. Raises ExportError, as where an operation has no kernel of these types.
Converter = Callable[[Any, "Conversion", "Iterable[np.ndarray]"], bytes]


@dataclass(frozen=True)
class Conversion:
    """How a Keras network of batch 1 becomes a .tflite file.

    Attributes:
        converter: the function that does it; each has a file of its own here, and loads its library when called.
        weights: the type that weights are stored in.
        activations: the type that layers compute in and that both ends have; integers need representative inputs.
    """

    converter: Converter
    weights: str
    activations: str


CONVERSIONS: dict[str, Conversion] = {
    "float32": Conversion(tensorflow_converter, weights="float32", activations="float32"),
    "float16": Conversion(tensorflow_converter, weights="float16", activations="float32"),
    "dynamic_range": Conversion(tensorflow_converter, weights="int8", activations="float32"),
    "int8": Conversion(tensorflow_converter, weights="int8", activations="int8"),
    "int16x8": Conversion(tensorflow_converter, weights="int8", activations="int16"),
}

ALL = 0  # calibration images: as many as there are
DEFAULTS: dict[str, RecipeSpec] = {
    "float32": RecipeSpec("float", "float32", ALL),
    "float16": RecipeSpec("float", "float16", ALL),
    "dynamic_range": RecipeSpec("float", "dynamic_range", ALL),
    "int8": RecipeSpec("float", "int8", ALL),
    "int16x8": RecipeSpec("float", "int16x8", ALL),
    "int8_qat": RecipeSpec("qat", "int8", ALL),
}
# Variants whose codes get a float32 decoder of their own, tuned on what the encoder really makes.
TUNED = ("int8", "int8_qat")


def recipes(spec: Spec, defaults: Mapping[str, RecipeSpec] = DEFAULTS) -> dict[str, RecipeSpec]:
    """The default variants, less those whose stage the spec does not have, and what the spec adds."""
    default = {name: recipe for name, recipe in defaults.items() if recipe.weights in spec.training.stages}
    return {**default, **spec.quantization.recipes}
