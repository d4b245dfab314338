"""The conversions that a recipe may name: one literal table."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from host.quantization.tensorflow_converter import tensorflow_converter

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
