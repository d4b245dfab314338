"""The names by which a recipe finds layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from host.errors import SpecError
from host.networks.builder import build
from host.networks.layer_names import NamedLayer, check_layers, kept_type, named_layers
from host.networks.summary import summary_text
from host.spec.types import Spec
from host.tasks import task_named

Parse = Callable[[Any], Spec]
LAYERS = [NamedLayer("linear", "encoder", "model/encoder/linear"), NamedLayer("block_1", "decoder", "decoder/block_1")]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [("linear", [0]), ("block_*", [1]), ("encoder/*", [0]), ("*", [0, 1]), ("lin", []), ("Linear", []), ("block", [])],
)
def test_a_layer_is_found_by_its_name_or_a_pattern(pattern: str, found: list[int]) -> None:
    assert [index for index, layer in enumerate(LAYERS) if layer.matches(pattern)] == found


def test_networks_in_networks_give_their_own_layers() -> None:
    import tf_keras as keras

    inner = keras.Sequential([keras.layers.Conv2D(2, 1, name="first"), keras.layers.ReLU(name="second")], name="body")
    source = keras.Input((4, 4, 3))
    network = keras.Model(source, keras.layers.Flatten(name="flat")(inner(source)), name="whole")
    assert list(named_layers(network)) == [
        NamedLayer("first", "body", "whole/body/first"),
        NamedLayer("second", "body", "whole/body/second"),
        NamedLayer("flat", "whole", "whole/flat"),
    ]


def test_the_last_pattern_that_matches_decides() -> None:
    assert kept_type(LAYERS, {"*": "int16", "linear": "float32"}) == "float32"
    assert kept_type(LAYERS, {"linear": "float32", "*": "int16"}) == "int16"
    assert kept_type(LAYERS[1:], {"linear": "float32"}) is None


def test_a_layer_that_no_network_has_is_one_line(tiny: dict[str, Any], parse: Parse) -> None:
    recipe = {"weights": "float", "conversion": "mixed", "layers": {"*": "int16", "corection": "float32"}}
    tiny["quantization"]["recipes"] = {"mine": recipe}
    spec = parse(tiny)
    with pytest.raises(SpecError) as caught:
        check_layers(spec, dict(zip(("encoder", "decoder"), build(spec), strict=True)))
    assert str(caught.value) == (
        f'{spec.file}: $.quantization.recipes.mine.layers: "corection" matches no layer; '
        "did you mean correction? available: down, linear, correction, sum, up, out"
    )
    with pytest.raises(SpecError, match="matches no layer"):  # host check
        summary_text(task_named("compression"), spec)
