"""What a spec of super-resolution may hold, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from host.errors import SpecError
from host.spec.types import Spec
from host.tasks.super_resolution.networks import build, halo

Parse = Callable[[Any], Spec]


def test_the_halo_follows_from_the_layers(spec_json: dict[str, Any], parsed: Parse) -> None:
    spec = parsed(spec_json)
    assert halo(spec, build(spec)) == 2
    spec_json["upscaler"][0]["kernel_size"] = 5
    spec_json["upscaler"][2]["cropping"] = 3
    spec = parsed(spec_json)
    assert halo(spec, build(spec)) == 3


@pytest.mark.parametrize(
    ("path", "change", "words"),
    [
        ("data.size", lambda s: s["data"].update(size=33), "33 x 33 pixels are no multiple of upscaling.factor, 2"),
        ("data.color", lambda s: s["data"].update(color="grayscale"), 'write "rgb"'),
        ("data.fit", lambda s: s["data"].update(fit="crop"), "unknown value .crop.; available: whole"),
        ("upscaling.factor", lambda s: s["upscaling"].update(factor=1), "expected 2 to 8, found 1"),
        ("training.stages.last.weight_bits", lambda s: s["training"]["stages"]["last"].update(weight_bits=9), "2 to 8"),
    ],
)
def test_what_cannot_be_is_one_line(
    path: str, change: Callable[[Any], None], words: str, spec_json: dict[str, Any], parsed: Parse
) -> None:
    change(spec_json)
    with pytest.raises(SpecError, match=words) as raised:
        parsed(spec_json)
    assert f"$.{path}" in str(raised.value) and "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda layers: layers[1].update(filters=5), "Add"),
        (lambda layers: layers[0].update(padding="same"), 'features reads zeros beside the image.*use padding "valid"'),
        (lambda layers: layers.append({"layer": "Conv2D", "filters": 9, "kernel_size": 1}), "must have 4 channels"),
        (
            lambda layers: layers.append({"layer": "Conv2D", "filters": 4, "kernel_size": 2}),
            "an image of 64 x 71 pixels becomes 59 x 66; expected a position for each pixel",
        ),
        (
            lambda layers: layers.append({"layer": "Conv2D", "filters": 4, "kernel_size": 1, "strides": 2}),
            "expected a position for each pixel",
        ),
        (lambda layers: layers.append({"layer": "ZeroPadding2D", "padding": 2}), "reads zeros beside the image"),
    ],
)
def test_a_network_that_enlarges_nothing_is_one_line(
    change: Callable[[Any], None], words: str, spec_json: dict[str, Any], parsed: Parse
) -> None:
    change(spec_json["upscaler"])
    with pytest.raises(SpecError, match=words) as raised:
        build(parsed(spec_json))
    assert "$.upscaler" in str(raised.value) and "\n" not in str(raised.value)
