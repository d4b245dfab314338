"""A variant is a recipe: which weights x which conversion x how many calibration images."""

from __future__ import annotations

from dataclasses import dataclass

from host.spec.types import Spec


@dataclass(frozen=True)
class Recipe:
    """`weights`: float or qat; `conversion`: a key of CONVERSIONS; `calibration_images`: 0 is all there are."""

    weights: str
    conversion: str
    calibration_images: int = 0


DEFAULTS: dict[str, Recipe] = {
    "float32": Recipe("float", "float32"),
    "float16": Recipe("float", "float16"),
    "dynamic_range": Recipe("float", "dynamic_range"),
    "int8": Recipe("float", "int8"),
    "int16x8": Recipe("float", "int16x8"),
    "int8_qat": Recipe("qat", "int8"),
}

# Variants whose codes get a float32 decoder of their own, tuned on what the encoder really makes.
TUNED = ("int8", "int8_qat")


def recipes(spec: Spec) -> dict[str, Recipe]:
    """The six default variants and what the spec adds, by name."""
    added = {
        name: Recipe(each.weights, each.conversion, each.calibration_images)
        for name, each in spec.quantization.recipes.items()
    }
    default = {name: recipe for name, recipe in DEFAULTS.items() if recipe.weights in spec.training.stages}
    return {**default, **added}
