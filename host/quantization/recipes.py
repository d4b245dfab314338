"""A variant is a recipe: which weights x which conversion x how many calibration images. Both tables are literal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from host.quantization.edge_quantizer import quantize_dynamically, quantize_statically, quantize_weights
from host.quantization.tensorflow_converter import tensorflow_converter
from host.spec.sections import ACTIVATION_BITS, HELD_BITS
from host.spec.types import RecipeSpec, Spec

if TYPE_CHECKING:
    import tf_keras as keras

Range = tuple[float, float]
AI_EDGE = "ai-edge-quantizer"


@dataclass(frozen=True)
class Conversion:
    """How a Keras network of batch 1 becomes a .tflite file.

    Attributes:
        converter: the function that does it, in a file of its own here; it loads its library when it is called. It
            raises ExportError, as where an operation has no kernel of these types.
        weights: the type that weights are stored in.
        activations: the type that both ends have, and layers compute in; integers need representative inputs.
        layers: the types in which a recipe may keep single layers.
        package: of the converter; its version decides the bytes, beside TensorFlow's.
    """

    converter: Callable[[Job], bytes]
    weights: str
    activations: str
    layers: tuple[str, ...] = ()
    package: str = "tensorflow"


@dataclass(frozen=True)
class Job:
    """What a converter is given.

    Attributes:
        network: of batch 1, one input, one output.
        samples: float32 (count, ...), representative inputs without the batch, which reach both ends of `source`; None
            where activations are float32.
        source, output: the ranges that 8-bit tensors at the two ends span; None: the network fixes it, or calibration.
        layers: name or pattern of layers -> type.
    """

    network: keras.Model
    conversion: Conversion
    samples: np.ndarray | None
    source: Range
    output: Range | None
    layers: Mapping[str, str]


CONVERSIONS: dict[str, Conversion] = {
    "float32": Conversion(tensorflow_converter, "float32", "float32"),
    "float16": Conversion(tensorflow_converter, "float16", "float32"),
    "dynamic_range": Conversion(tensorflow_converter, "int8", "float32"),
    "int8": Conversion(tensorflow_converter, "int8", "int8"),
    "int16x8": Conversion(tensorflow_converter, "int8", "int16"),
    "mixed": Conversion(quantize_statically, "int8", "int8", ("int8", "int16", "float32"), AI_EDGE),
    "int4_dynamic": Conversion(quantize_dynamically, "int4", "float32", ("float32",), AI_EDGE),
    "int4_weights": Conversion(quantize_weights, "int4", "float32", ("float32",), AI_EDGE),
}
# What recipes of a task that can use all of them may name: conversion -> types of single layers.
OFFERED = {name: conversion.layers for name, conversion in CONVERSIONS.items()}

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
    """The default variants and what the spec adds.

    Defaults are left out whose stage the spec does not have, or trains for activations that no file holds.
    """
    held = {n for n, s in spec.training.stages.items() if s.options.get(ACTIVATION_BITS, HELD_BITS) >= HELD_BITS}
    default = {name: recipe for name, recipe in defaults.items() if recipe.weights in held}
    return {**default, **spec.quantization.recipes}


def convert_network(
    network: keras.Model,
    recipe: RecipeSpec,
    samples: np.ndarray | None,
    source: Range = (0.0, 1.0),
    output: Range | None = None,
) -> bytes:
    """Converts a Keras network of batch 1, which holds the weights that the recipe names, to a .tflite file.

    Args:
        samples: float32 (count, ...), representative inputs without the batch: at least one, read only where
            activations are integers.
        source: the range of the input. An 8-bit input tensor spans it exactly: with 0..1 it has scale 1/255 and zero
            point -128.
        output: the range that an 8-bit output tensor spans exactly; None: what calibration finds, or the range that
            the network's own fake quantization has.

    Raises:
        ExportError: the converter refuses an operation, as it does where that has no 16-bit kernel.
    """
    conversion = CONVERSIONS[recipe.conversion]
    reaching = None
    if conversion.activations != "float32":
        assert samples is not None
        # A value moved to each end of the range fixes the input's scale, and costs no operation in the file.
        reaching = samples.copy()
        reaching[0].flat[0], reaching[0].flat[-1] = source
    job = Job(network, conversion, reaching, source, output, recipe.layers)
    if not recipe.bias_correction:
        return conversion.converter(job)
    from host.quantization.bias_correction import corrected_biases  # TensorFlow takes its time

    assert samples is not None
    with corrected_biases(network, samples, recipe.layers):
        return conversion.converter(job)
