"""Quantization-aware halves: latent and image on their grids exactly, ranges from the float activations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tf_keras as keras

from device.outputs.codes import LatentGrid
from host.networks.builder import build, initialize
from host.networks.grid import on_grid
from host.packaging.network_file import describe
from host.quantization.aware import leave_kernels, quantization_aware, set_ranges
from host.quantization.recipes import convert_network
from host.spec.types import RecipeSpec
from host.tasks.compression.halves import aware_halves


@pytest.fixture
def network(tiny: dict[str, Any], parse: Any, photos: np.ndarray) -> tuple[Any, Any, LatentGrid, np.ndarray]:
    """(encoder, decoder, grid, images float32 0..1): started with the transform, not trained."""
    spec = parse(tiny)
    encoder, decoder = build(spec)
    initialize(spec, encoder, decoder, photos)
    decoder.get_layer("linear").set_weights(_matched(tiny, parse, photos))
    grid = LatentGrid(*encoder.output_shape[1:], spec.options.scale, 0)
    return encoder, decoder, grid, photos[:100] / np.float32(255)


def _matched(tiny: dict[str, Any], parse: Any, photos: np.ndarray) -> Any:
    tiny["decoder"][0]["initializer"] = tiny["encoder"][0]["initializer"]
    spec = parse(tiny)
    encoder, decoder = build(spec)
    initialize(spec, encoder, decoder, photos)
    return decoder.get_layer("linear").get_weights()


def quantized(encoder: Any, decoder: Any, grid: LatentGrid, images: np.ndarray) -> tuple[Any, Any]:
    halves = aware_halves(encoder, decoder, grid)
    set_ranges(halves[0], encoder, images)
    set_ranges(halves[1], decoder, on_grid(encoder.predict(images, verbose=0), grid).numpy())
    return first_step(halves, images)


def first_step(halves: tuple[Any, Any], images: np.ndarray) -> tuple[Any, Any]:
    """The kernels' ranges are taken from the kernels in the first training step; before it they are -6..6."""
    halves[1](halves[0](images, training=True), training=True)
    return halves


def test_the_latent_lies_on_the_grid_and_stays_there(network: Any) -> None:
    encoder, decoder, grid, images = network
    aware, _ = quantized(encoder, decoder, grid, images)
    for inputs in (images, 40 * images - 20):  # inside the grid, and far out of it
        codes = aware(inputs).numpy() / grid.scale
        np.testing.assert_allclose(codes, np.rint(codes), atol=1e-3)
        assert codes.min() >= -128 and codes.max() <= 127


def test_training_cannot_move_the_latents_range(network: Any) -> None:
    encoder, decoder, grid, images = network
    aware, _ = quantized(encoder, decoder, grid, images)
    before = aware(images).numpy()
    for _ in range(3):
        aware(images * 0.1, training=True)  # moving averages follow what they see
    assert np.abs(aware(images).numpy() - before).max() <= 2 * grid.scale
    codes = aware(images).numpy() / grid.scale
    np.testing.assert_allclose(codes, np.rint(codes), atol=1e-3)


def test_the_image_lies_on_its_256_levels(network: Any) -> None:
    encoder, decoder, grid, images = network
    aware = quantized(encoder, decoder, grid, images)
    levels = aware[1](aware[0](images)).numpy() * 255
    np.testing.assert_allclose(levels, np.rint(levels), atol=1e-3)
    assert levels.min() >= 0 and levels.max() <= 255


def test_ranges_are_what_the_activations_span(network: Any) -> None:
    encoder, decoder, grid, images = network
    aware, _ = quantized(encoder, decoder, grid, images)
    highest = float(np.max(encoder.get_layer("down")(images)))
    layer = next(layer for layer in aware.layers if layer.name == "quant_down")
    (found,) = (w for w in layer.weights if w.name.split(":")[0].endswith("post_activation_max"))
    assert float(found) == pytest.approx(highest, rel=1e-5)
    assert highest < 5.9  # the toolkit's own start is 6


def test_training_starts_near_the_float_quality(network: Any) -> None:
    encoder, decoder, grid, images = network

    def error(first: Any, second: Any) -> float:
        return float(np.mean((second(on_grid(first(images), grid)).numpy() - images) ** 2))

    floating = error(encoder, decoder)
    assert error(*quantized(encoder, decoder, grid, images)) < 1.15 * floating
    untold = first_step(aware_halves(encoder, decoder, grid), images)
    assert error(*quantized(encoder, decoder, grid, images)) < error(*untold)  # what setting the ranges is for


def test_the_float_weights_are_kept_and_not_shared(network: Any) -> None:
    encoder, decoder, grid, images = network
    kernel = encoder.get_layer("down").get_weights()[0].copy()
    aware, _ = quantized(encoder, decoder, grid, images)
    layer = next(layer for layer in aware.layers if layer.name == "quant_down")
    (found,) = (w for w in layer.weights if "kernel" in w.name and w.shape == kernel.shape)
    np.testing.assert_array_equal(found.numpy(), kernel)
    found.assign(found * 2)
    np.testing.assert_array_equal(encoder.get_layer("down").get_weights()[0], kernel)


def _depthwise() -> Any:
    """A convolution, a depthwise one and another, with batch normalizations; the second channel's kernel is large."""
    layers = keras.layers
    image = keras.Input((16, 16, 3), name="image")
    wide = layers.Conv2D(4, 3, use_bias=False, name="wide")(image)
    deep = layers.ReLU(6.0, name="wide_relu")(layers.BatchNormalization(name="wide_normal")(wide))
    deep = layers.DepthwiseConv2D(3, use_bias=False, name="deep")(deep)
    deep = layers.ReLU(6.0, name="deep_relu")(layers.BatchNormalization(name="deep_normal")(deep))
    narrow = layers.BatchNormalization(name="narrow_normal")(layers.Conv2D(2, 1, use_bias=False, name="narrow")(deep))
    model = keras.Model(image, layers.GlobalAveragePooling2D(name="pool")(narrow))
    kernel = model.get_layer("deep").depthwise_kernel
    kernel.assign(kernel * np.array([1, 300, 1, 1], np.float32)[:, None])
    variance = model.get_layer("deep_normal").moving_variance
    variance.assign(variance * np.array([1, 300**2, 1, 1], np.float32))
    return model


def test_a_depthwise_kernel_is_rounded_channel_by_channel(photos: np.ndarray) -> None:
    model, images = _depthwise(), photos[:64] / np.float32(255)
    aware = quantization_aware(model, (0.0, 1.0), None)
    set_ranges(aware, model, images)
    statistics = {weight.name: weight.numpy() for weight in aware.weights if "moving" in weight.name}
    aware(images, training=True)  # see first_step
    for weight in aware.weights:
        if weight.name in statistics:
            weight.assign(statistics[weight.name])
    set_ranges(aware, model, images)
    wanted = keras.Model(model.input, model.get_layer("deep_relu").output)(images).numpy()
    found = keras.Model(aware.input, aware.get_layer("quant_deep_relu").output)(images).numpy()
    # One range for the whole kernel would leave nothing of the small channels.
    assert np.abs(found - wanted).max() < 0.05 * np.abs(wanted).max()


def test_folded_normalizations_leave_nothing_in_the_file(photos: np.ndarray) -> None:
    model, images = _depthwise(), photos[:64] / np.float32(255)
    aware = quantization_aware(model, (0.0, 1.0), None)
    set_ranges(aware, model, images)
    aware(images, training=True)
    leave_kernels(aware)
    source = keras.Input((16, 16, 3), batch_size=1)
    file = describe(convert_network(keras.Model(source, aware(source)), RecipeSpec("qat", "int8", 0), images))
    assert file.ops == ("CONV_2D", "DEPTHWISE_CONV_2D", "CONV_2D", "MEAN")
