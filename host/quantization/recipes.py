"""A variant is a recipe: which weights x which conversion x how many calibration images."""

from __future__ import annotations

from collections.abc import Mapping

from host.spec.types import RecipeSpec, Spec

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
