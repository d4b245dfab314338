"""Quantization-aware halves: latent and image on their grids exactly, ranges from the float activations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from device.outputs.codes import LatentGrid
from host.networks.builder import build, initialize
from host.networks.grid import on_grid
from host.quantization.aware import set_ranges
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
