"""The six default variants, and what a spec adds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from host.quantization.conversions import CONVERSIONS
from host.quantization.recipes import DEFAULTS, TUNED, Recipe, recipes
from host.spec.sections import CONVERSIONS as NAMES
from host.spec.types import Spec


def test_the_six_default_variants(tiny: dict[str, Any], parse: Callable[[Any], Spec]) -> None:
    found = recipes(parse(tiny))
    assert list(found) == ["float32", "float16", "dynamic_range", "int8", "int16x8", "int8_qat"]
    assert (found["int8"], found["int8_qat"]) == (Recipe("float", "int8"), Recipe("qat", "int8"))
    assert set(TUNED) <= set(DEFAULTS)


def test_a_spec_adds_recipes_behind_them(tiny: dict[str, Any], parse: Callable[[Any], Spec]) -> None:
    tiny["quantization"]["recipes"] = {"int8_few": {"weights": "float", "conversion": "int8", "calibration_images": 9}}
    found = recipes(parse(tiny))
    assert list(found)[:6] == list(DEFAULTS)
    assert found["int8_few"] == Recipe("float", "int8", 9)


def test_every_conversion_that_a_spec_may_name_is_in_the_table() -> None:
    assert tuple(CONVERSIONS) == NAMES
    assert {recipe.conversion for recipe in DEFAULTS.values()} <= set(CONVERSIONS)
