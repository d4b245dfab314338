"""Specs become networks: their shapes, their starts, and what is said where Keras refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from host.errors import SpecError
from host.networks.builder import build, initialize
from host.spec.types import Spec

Parse = Callable[[Any], Spec]


def test_the_halves_meet_at_the_latent(tiny: dict[str, Any], parse: Parse) -> None:
    encoder, decoder = build(parse(tiny))
    assert (encoder.input_shape, encoder.output_shape) == ((None, 16, 16, 3), (None, 4, 4, 4))
    assert (decoder.input_shape, decoder.output_shape) == ((None, 4, 4, 4), (None, 16, 16, 3))


def test_inputs_and_arguments_are_those_of_the_spec(tiny: dict[str, Any], parse: Parse) -> None:
    encoder, _ = build(parse(tiny))
    images = np.random.default_rng(1).random((2, 16, 16, 3), np.float32)
    linear = encoder.get_layer("linear")(images)
    down = encoder.get_layer("down")(images)
    correction = encoder.get_layer("correction")(down)
    assert float(np.min(down)) == 0 and np.max(down) > 0  # relu
    np.testing.assert_allclose(encoder(images), linear + correction, atol=1e-6)


def test_the_specs_seed_decides_the_starting_weights(tiny: dict[str, Any], parse: Parse) -> None:
    first, again = build(parse(tiny))[0].get_weights(), build(parse(tiny))[0].get_weights()
    tiny["training"]["seed"] = 2
    other = build(parse(tiny))[0].get_weights()
    assert all(np.array_equal(one, two) for one, two in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])


def test_keras_initializers_take_their_arguments(tiny: dict[str, Any], parse: Parse) -> None:
    tiny["encoder"][1]["initializer"] = {"name": "random_normal", "stddev": 0.5}
    tiny["encoder"][2]["initializer"] = {"name": "random_normal"}
    encoder, decoder = build(parse(tiny))
    assert 0.4 < encoder.get_layer("down").get_weights()[0].std() < 0.6
    assert 0.03 < encoder.get_layer("correction").get_weights()[0].std() < 0.07
    assert not decoder.get_layer("correction").get_weights()[0].any()


def test_every_kind_of_layer_can_be_built(tiny: dict[str, Any], parse: Parse) -> None:
    tiny["encoder"] = [
        {"layer": "DepthwiseConv2D", "kernel_size": [3, 3], "padding": "same", "initializer": "he_normal"},
        {"layer": "ReLU", "name": "clipped", "max_value": 6.0},
        {"layer": "Conv2D", "name": "down", "filters": 4, "kernel_size": 4, "strides": 4, "use_bias": False},
        {"layer": "Concatenate", "name": "twice", "input": ["down", "down"]},
    ]
    tiny["decoder"] = [
        {"layer": "UpSampling2D", "size": [2, 2], "interpolation": "nearest"},
        {"layer": "Conv2DTranspose", "filters": 3, "kernel_size": 2, "strides": 2, "activation": "relu6"},
    ]
    encoder, decoder = build(parse(tiny))
    assert (encoder.output_shape[1:], decoder.output_shape[1:]) == ((4, 4, 8), (16, 16, 3))
    # An activation that is not fused into the layer's operation is one of its own.
    assert [layer.name for layer in decoder.layers[1:]] == [
        "decoder_0_upsampling2d",
        "decoder_1_conv2dtranspose",
        "decoder_1_conv2dtranspose_activation",
    ]


@pytest.mark.parametrize(
    ("half", "index", "change", "words"),
    [
        ("encoder", 1, {"groups": 5}, "Conv2D: .*groups"),
        ("encoder", 1, {"strides": 2}, "Add: .*"),  # found at index 3, where the shapes meet
        ("decoder", 2, {"kernel_size": 40, "padding": "valid"}, r"Conv2D: .*\(input \(16, 16, 4\)\)"),
    ],
)
def test_what_keras_refuses_is_one_line_with_the_layers_path(
    half: str, index: int, change: dict[str, Any], words: str, tiny: dict[str, Any], parse: Parse
) -> None:
    tiny[half][index].update(change)
    found = 3 if words.startswith("Add") else index
    with pytest.raises(SpecError, match=rf"tiny/spec\.json: \$\.{half}\[{found}\]: {words}") as caught:
        build(parse(tiny))
    assert "\n" not in str(caught.value)


def test_a_decoder_must_end_on_the_images_shape(tiny: dict[str, Any], parse: Parse) -> None:
    tiny["decoder"] = tiny["decoder"][:1]
    tiny["decoder"][0]["filters"] = 4
    expected = r"\$\.decoder: the output has shape \(16, 16, 4\), the images of skimage have \(16, 16, 3\)"
    with pytest.raises(SpecError, match=expected):
        build(parse(tiny))


def test_initialize_writes_both_ends_of_the_block_transform(
    tiny: dict[str, Any], parse: Parse, photos: np.ndarray
) -> None:
    tiny["decoder"][0]["initializer"] = dict(tiny["encoder"][0]["initializer"])
    encoder, decoder = build(parse(tiny))
    initialize(parse(tiny), encoder, decoder, photos)
    images = photos[:100] / np.float32(255)
    latents = encoder.get_layer("linear")(images)
    error = np.mean((decoder.get_layer("linear")(latents) - images) ** 2)
    assert error < np.mean((images - images.mean((1, 2), keepdims=True)) ** 2) / 2


def test_a_dense_latent_lies_on_a_grid_of_one_position(tiny: dict[str, Any], parse: Parse) -> None:
    tiny["latent"]["dims"] = 5
    tiny["encoder"] = [{"layer": "Flatten"}, {"layer": "Dense", "name": "codes", "units": "latent_dims"}]
    tiny["decoder"] = [
        {"layer": "Dense", "name": "pixels", "units": 768, "activation": "sigmoid"},
        {"layer": "Reshape", "target_shape": [16, 16, 3]},
    ]
    encoder, decoder = build(parse(tiny))
    assert (encoder.output_shape, decoder.input_shape) == ((None, 1, 1, 5), (None, 1, 1, 5))
    assert decoder.get_layer("pixels").input_shape == (None, 5)
    images = np.random.default_rng(1).random((2, 16, 16, 3), np.float32)
    expected = images.reshape(2, -1) @ encoder.get_layer("codes").get_weights()[0]
    np.testing.assert_allclose(encoder(images)[:, 0, 0], expected, atol=1e-4)


def test_a_separable_convolution_is_what_keras_computes(tiny: dict[str, Any], parse: Parse) -> None:
    import tf_keras as keras

    arguments = {"filters": 6, "kernel_size": 3, "strides": 2, "padding": "same", "activation": "tanh"}
    tiny["encoder"] = [{"layer": "SeparableConv2D", "name": "both", "depth_multiplier": 2, **arguments}]
    tiny["decoder"] = [{"layer": "Conv2DTranspose", "filters": 3, "kernel_size": 2, "strides": 2}]
    encoder, _ = build(parse(tiny))
    reference = keras.layers.SeparableConv2D(depth_multiplier=2, **arguments)
    reference.build((None, 16, 16, 3))
    bias = np.arange(6, dtype=np.float32)
    depthwise, pointwise = (encoder.get_layer(name).get_weights() for name in ("both_depthwise", "both"))
    encoder.get_layer("both").set_weights([pointwise[0], bias])
    reference.set_weights([*depthwise, pointwise[0], bias])
    images = np.random.default_rng(1).random((2, 16, 16, 3), np.float32)
    np.testing.assert_allclose(encoder(images), reference(images), atol=1e-5)
