"""What a spec of super-resolution may hold, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from host.errors import SpecError
from host.quantization.recipes import recipes
from host.spec.types import Spec
from host.tasks.super_resolution.networks import build, halo, operations_per_pixel

from .conftest import SPEC  # type: ignore[import-not-found,unused-ignore]

Parse = Callable[[Any], Spec]
TRAINING = {"loss": "mse", "stages": {"float": {}}}


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
        (
            "upscaling.depth_to_space[1]",
            lambda s: s["upscaling"].update(depth_to_space=["int8", "int9"]),
            'unknown variant "int9"; did you mean int8. available: float32, ',
        ),
        (
            "upscaling.depth_to_space[0]",
            lambda s: s["quantization"]["recipes"].update(int8_inside={"weights": "float", "conversion": "int8"}),
            "adds int8_inside, and a recipe has that name; rename the recipe",
        ),
        (
            "upscaling.depth_to_space[1]",
            lambda s: s["upscaling"].update(depth_to_space=["int8", "int8"]),
            '"int8" stands there twice; remove one',
        ),
        (
            "quantization.recipes.int8_last.weights",
            lambda s: s["training"]["stages"]["last"].update(activation_bits=6),
            "no file holds 6-bit activations, which the stage last trains for; name another stage, or let it have",
        ),
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


def _gate(layers: list[dict[str, Any]]) -> None:
    layers.append({"layer": "GlobalAveragePooling2D", "name": "mean", "keepdims": True, "input": "pixels"})
    layers.append({"layer": "Multiply", "name": "gated", "input": ["pixels", "mean"]})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda layers: layers[1].update(filters=5), "Add"),
        (lambda layers: layers[0].update(padding="same"), "does not pass .*; the inputs of a layer must have lost"),
        (
            lambda layers: (layers[0].update(padding="same"), layers[2].update(cropping=1)),
            'features makes of a part of an image something else than of the whole image.*use padding "valid"',
        ),
        (lambda layers: layers.append({"layer": "Conv2D", "filters": 9, "kernel_size": 1}), "must have 4 channels"),
        (
            lambda layers: layers.append({"layer": "Conv2D", "filters": 4, "kernel_size": 2}),
            "an image of 512 x 519 pixels becomes 507 x 514; expected a position for each pixel",
        ),
        (
            lambda layers: layers.append({"layer": "Conv2D", "filters": 4, "kernel_size": 1, "strides": 2}),
            "expected a position for each pixel",
        ),
        (
            lambda layers: layers.append({"layer": "ZeroPadding2D", "padding": 2, "name": "frame"}),
            "frame makes of a part",
        ),
        (_gate, "gated makes of a part of an image something else than of the whole image"),
        (
            lambda layers: layers.insert(
                1, {"layer": "MaxPooling2D", "name": "most", "strides": 1, "padding": "same", "input": "features"}
            ),
            "most makes of a part",
        ),
        (
            lambda layers: layers[2].update(cropping=[[4, 0], [2, 2]]),
            "sum reads residual and nearest, which are shifted against each other vertically by 2 pixels; take",
        ),
        (
            lambda layers: layers.append({"layer": "Cropping2D", "cropping": [[0, 2], [1, 1]]}),
            "the output and the image are shifted against each other vertically by 1 pixels; take the same from all",
        ),
        (
            lambda layers: layers[0].update(kernel_size=519) or layers[2].update(cropping=259),
            "a network may read at most 255 pixels beside an image",
        ),
    ],
)
def test_a_network_that_enlarges_nothing_is_one_line(
    change: Callable[[Any], None], words: str, spec_json: dict[str, Any], parsed: Parse
) -> None:
    change(spec_json["upscaler"])
    with pytest.raises(SpecError, match=words) as raised:
        build(parsed(spec_json))
    assert "$.upscaler" in str(raised.value) and "\n" not in str(raised.value)


ORDINARY = {
    "wide kernels": [
        {"layer": "Conv2D", "filters": 8, "kernel_size": 9, "activation": "tanh"},
        {"layer": "SeparableConv2D", "filters": 6, "kernel_size": 5, "activation": "swish"},
        {"layer": "Conv2D", "filters": 4, "kernel_size": 3, "initializer": "zeros"},
    ],
    "even kernels": [
        {"layer": "Conv2D", "filters": 8, "kernel_size": 2, "activation": "sigmoid"},
        {"layer": "MaxPooling2D", "pool_size": 2, "strides": 1},
        {"layer": "Dense", "units": 4, "activation": "softmax"},
    ],
    "enlarged within": [
        {"layer": "UpSampling2D", "size": 2},
        {"layer": "Conv2D", "filters": 4, "kernel_size": 2, "strides": 2},
        {"layer": "BatchNormalization"},
    ],
    "the image beside": [
        {"layer": "Conv2D", "name": "thin", "filters": 4, "kernel_size": 1, "activation": "relu6"},
        {"layer": "Concatenate", "input": ["thin", "image"]},
        {"layer": "DepthwiseConv2D", "kernel_size": [5, 5], "dilation_rate": 2},
        {"layer": "Conv2D", "filters": 4, "kernel_size": 1},
    ],
}


def test_operations_are_those_of_a_pixel_of_the_small_image(spec_json: dict[str, Any], parsed: Parse) -> None:
    def cost(layers: list[Any]) -> int:
        spec = parsed({**spec_json, "upscaler": layers, "quantization": {}, "training": TRAINING})
        return operations_per_pixel(build(spec))

    assert cost(SPEC["upscaler"]) == 9 * 8 + 9 * 8 * 4
    # Depthwise and pointwise; a dense layer; four positions for each pixel.
    assert cost(ORDINARY["wide kernels"]) == 81 * 8 + 25 * 8 + 8 * 6 + 9 * 6 * 4
    assert cost(ORDINARY["even kernels"]) == 4 * 8 + 8 * 4
    larger = {"layer": "Conv2D", "name": "larger", "filters": 3, "kernel_size": 1}
    assert cost([ORDINARY["enlarged within"][0], larger, ORDINARY["enlarged within"][1]]) == 4 * 3 + 4 * 3 * 4
    transposed = {"layer": "Conv2DTranspose", "filters": 3, "kernel_size": 2, "strides": 2}
    assert cost([transposed, ORDINARY["enlarged within"][1]]) == 4 * 3 + 4 * 3 * 4


@pytest.mark.parametrize(("layers", "border"), zip(ORDINARY.values(), (7, 1, 0, 4), strict=True), ids=ORDINARY)
def test_ordinary_networks_pass_and_keep_their_weights(
    layers: list[Any], border: int, spec_json: dict[str, Any], parsed: Parse
) -> None:
    spec = parsed({**spec_json, "upscaler": layers, "quantization": {}, "training": TRAINING})
    network = build(spec)
    assert halo(spec, network) == border
    again = build(spec)
    for one, other in zip(network.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    if "initializer" in layers[-1]:
        assert not network.layers[-1].get_weights()[0].any()


def test_zeros_that_a_transposed_convolution_reads_are_refused(spec_json: dict[str, Any], parsed: Parse) -> None:
    layers = [
        {"layer": "Conv2DTranspose", "name": "larger", "filters": 2, "kernel_size": 3, "activation": "tanh"},
        {"layer": "Conv2D", "filters": 4, "kernel_size": 5},
    ]
    with pytest.raises(SpecError, match="larger makes of a part of an image something else"):
        build(parsed({**spec_json, "upscaler": layers, "quantization": {}, "training": TRAINING}))


def test_a_patch_that_the_network_is_larger_than_is_one_line(spec_json: dict[str, Any], parsed: Parse) -> None:
    spec_json["upscaler"] = [{"layer": "Conv2D", "filters": 4, "kernel_size": 15}]
    spec_json["quantization"], spec_json["training"] = {}, TRAINING
    spec_json["data"]["size"] = [40, 30]
    assert build(parsed(spec_json)).output_shape[3] == 4
    spec_json["data"]["size"] = [40, 28]
    words = "data.size: patches of 40 x 28 pixels become images of 20 x 14, and the network reads 7 .*give at least 30"
    with pytest.raises(SpecError, match=words):
        build(parsed(spec_json))


def test_a_stage_for_few_bits_has_no_variants(spec_json: dict[str, Any], parsed: Parse) -> None:
    stages = spec_json["training"]["stages"]
    stages["qat"], spec_json["quantization"] = {"kind": "fake_quant", "weight_bits": 4}, {}
    assert "int8_qat" in recipes(parsed(spec_json))
    stages["qat"]["activation_bits"] = 4
    assert "int8_qat" not in recipes(parsed(spec_json))
