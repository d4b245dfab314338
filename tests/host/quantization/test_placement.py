"""Which layers a recipe computes in which type."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from host.quantization.placement import by_layer, placement
from host.quantization.recipes import recipes
from host.spec.parsing import parse_spec
from host.spec.types import Spec
from host.tasks import task_named
from tests.host.tasks.super_resolution.conftest import SPEC


@pytest.fixture
def spec(tmp_path: Path) -> Spec:
    """Two convolutions; a stage and recipes for the second alone."""
    value: dict[str, Any] = json.loads(json.dumps(SPEC))
    first, last = [each["name"] for each in value["upscaler"] if each["layer"] == "Conv2D"]
    value["training"]["stages"] |= {
        "last": {"kind": "fake_quant", "layers": [last], "epochs": 1},
        "every": {"kind": "fake_quant", "epochs": 1},
    }
    value["quantization"] = {
        "recipes": {
            "part": {"weights": "float", "conversion": "mixed", "layers": {"*": "float32", last: "int8"}},
            "part_qat": {"weights": "last", "conversion": "mixed", "layers": {"*": "float32", last: "int8"}},
            "rest": {"weights": "every", "conversion": "mixed", "layers": {f"upscaler/{first}": "int16"}},
            "int4": {"weights": "every", "conversion": "int4_weights"},
        }
    }
    return parse_spec(value, tmp_path / "models" / "tiny" / "spec.json", task_named("super_resolution").sections)


def test_layers_have_the_type_of_their_recipe_and_know_of_training(spec: Spec) -> None:
    found = {name: placement(spec, recipe) for name, recipe in recipes(spec).items()}
    layers = list(found["float32"].types)
    assert len(layers) == 2
    types = {name: tuple(each.types.values()) for name, each in found.items()}
    assert types["float32"] == ("float32", "float32") and types["int8"] == ("int8", "int8")
    assert types["part"] == types["part_qat"] == ("float32", "int8")
    assert types["rest"] == ("int16", "int8") and types["int4"] == ("int4_weights",) * 2
    trained = {name: each.trained for name, each in found.items() if each.trained}
    assert trained["part_qat"] == (layers[1],)
    assert trained["rest"] == trained["int4"] == tuple(layers) and "part" not in trained
    assert by_layer(spec)


def test_a_spec_that_treats_all_layers_alike_says_so(tmp_path: Path) -> None:
    file = tmp_path / "models" / "tiny" / "spec.json"
    plain = {**SPEC, "quantization": {}, "training": {**SPEC["training"], "stages": {"float": {}, "qat": {}}}}
    assert not by_layer(parse_spec(plain, file, task_named("super_resolution").sections))
