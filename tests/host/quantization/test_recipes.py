"""The six default variants, less those that a model has no weights for, and what a spec adds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from host.errors import SpecError
from host.quantization.recipes import CONVERSIONS, DEFAULTS, TUNED, recipes
from host.spec.types import RecipeSpec, Spec

Parse = Callable[[Any], Spec]


def test_the_six_default_variants(tiny: dict[str, Any], parse: Parse) -> None:
    found = recipes(parse(tiny))
    assert list(found) == ["float32", "float16", "dynamic_range", "int8", "int16x8", "int8_qat"]
    assert (found["int8"], found["int8_qat"]) == (RecipeSpec("float", "int8", 0), RecipeSpec("qat", "int8", 0))
    assert set(TUNED) <= set(DEFAULTS)
    assert {recipe.conversion for recipe in DEFAULTS.values()} <= set(CONVERSIONS)


def test_without_the_stage_there_is_no_variant_of_its_weights(tiny: dict[str, Any], parse: Parse) -> None:
    del tiny["training"]["stages"]["qat"]
    assert list(recipes(parse(tiny))) == ["float32", "float16", "dynamic_range", "int8", "int16x8"]


def test_a_spec_adds_recipes_behind_them(tiny: dict[str, Any], parse: Parse) -> None:
    tiny["quantization"]["recipes"] = {"int8_few": {"weights": "float", "conversion": "int8", "calibration_images": 9}}
    found = recipes(parse(tiny))
    assert list(found)[:6] == list(DEFAULTS)
    assert found["int8_few"] == RecipeSpec("float", "int8", 9)


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        ({"weights": "distilled", "conversion": "int8"}, "weights"),
        ({"weights": "float", "conversion": "int3"}, "conversion"),
    ],
)
def test_an_unknown_stage_or_conversion_is_one_line(
    recipe: dict[str, str], words: str, tiny: dict[str, Any], parse: Parse
) -> None:
    tiny["quantization"]["recipes"] = {"mine": recipe}
    with pytest.raises(SpecError, match=rf"\$\.quantization\.recipes\.mine\.{words}: unknown .*available: ") as caught:
        parse(tiny)
    assert "\n" not in str(caught.value)
