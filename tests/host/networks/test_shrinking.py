"""Structured pruning: what adds nothing goes first, and what it added on average stays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tf_keras as keras

from host.networks.shrinking import choose_channels, read_moments, shrunk

LAYERS = keras.layers
RNG = np.random.default_rng(0)
IMAGES = RNG.random((20, 8, 8, 3)).astype(np.float32)


def network(end: Any) -> keras.Model:
    """Two convolutions with depthwise convolution and normalization between them, and a head."""
    keras.utils.set_random_seed(0)
    image = keras.Input((8, 8, 3))
    wide = LAYERS.BatchNormalization(name="bn")(LAYERS.Conv2D(24, 1, use_bias=False, name="wide")(image))
    deep = LAYERS.DepthwiseConv2D(3, name="deep")(LAYERS.ReLU(6.0)(wide))
    last = LAYERS.Conv2D(16, 3, use_bias=False, name="last")(deep)
    last = LAYERS.ReLU()(LAYERS.BatchNormalization(name="last_bn")(last))
    return keras.Model(image, LAYERS.Dense(5, name="scores")(end()(LAYERS.MaxPooling2D()(last))))


ENDS = pytest.mark.parametrize("end", [LAYERS.Flatten, LAYERS.GlobalAveragePooling2D])


@ENDS
def test_channels_that_are_zero_leave_without_a_change(end: Any) -> None:
    model = network(end)
    for name in ("wide", "last"):
        kernel = model.get_layer(name).kernel.numpy()
        kernel[..., ::2] = 0
        model.get_layer(name).set_weights([kernel])
    moments = read_moments(model, IMAGES)
    kept = choose_channels(model, 0.4, moments)
    assert len(kept["wide"]) == 16 and len(kept["last"]) == 8, "multiples of 8"
    assert kept["last"] == list(range(1, 16, 2))
    np.testing.assert_allclose(shrunk(model, kept, moments)(IMAGES), model(IMAGES), atol=1e-5)


@ENDS
def test_what_is_constant_moves_into_the_biases(end: Any) -> None:
    model = network(end)
    gamma, beta, *others = model.get_layer("bn").get_weights()
    gamma[:16], beta[:16] = 0, 0.7
    model.get_layer("bn").set_weights([gamma, beta, *others])
    gamma, beta, *others = model.get_layer("last_bn").get_weights()
    gamma[8:], beta[8:] = 0, 0.3
    model.get_layer("last_bn").set_weights([gamma, beta, *others])
    smaller = shrunk(model, {"wide": list(range(16, 24)), "last": list(range(8))}, read_moments(model, IMAGES))
    np.testing.assert_allclose(smaller(IMAGES), model(IMAGES), atol=1e-5)


def test_what_is_hardly_read_goes_first() -> None:
    model = network(LAYERS.Flatten)
    kernel = model.get_layer("last").kernel.numpy()
    kernel[:, :, 3:11] *= 1e-3
    model.get_layer("last").set_weights([kernel])
    assert choose_channels(model, 1 / 3, read_moments(model, IMAGES))["wide"] == [*range(3), *range(11, 24)]


@pytest.mark.parametrize("gamma", [True, False])
def test_what_a_normalization_scales_down_is_hardly_read(gamma: bool) -> None:
    keras.utils.set_random_seed(0)
    image = keras.Input((8, 8, 3))
    wide = LAYERS.Conv2D(16, 1, name="wide")(image)
    normal = LAYERS.BatchNormalization(scale=gamma, name="bn")(LAYERS.Conv2D(8, 1, use_bias=False, name="last")(wide))
    model = keras.Model(image, LAYERS.Dense(5)(LAYERS.GlobalAveragePooling2D()(normal)))
    # The first half of `wide` is read with large weights into outputs of a large variance, the others with small ones.
    kernel = np.zeros((1, 1, 16, 8), np.float32)
    kernel[:, :, :8, :4], kernel[:, :, 8:, 4:] = 10, 1
    model.get_layer("last").set_weights([kernel])
    model.get_layer("wide").set_weights([np.ones((1, 1, 3, 16), np.float32), np.zeros(16, np.float32)])
    model.get_layer("bn").moving_variance.assign([1e4] * 4 + [1e-2] * 4)
    assert choose_channels(model, 0.5, read_moments(model, IMAGES))["wide"] == list(range(8, 16))


def test_eight_channels_stay_in_each_layer() -> None:
    model = network(LAYERS.Flatten)
    kept = choose_channels(model, 0.99, read_moments(model, IMAGES))
    assert {len(channels) for channels in kept.values()} == {8}


def test_a_mobilenet_keeps_what_its_residuals_add() -> None:
    image = keras.Input((32, 32, 3))
    made = keras.applications.MobileNetV2(input_tensor=image, alpha=0.35, include_top=False, weights=None)
    model = keras.Model(image, LAYERS.Dense(10)(LAYERS.GlobalAveragePooling2D()(made.output)))
    moments = read_moments(model, RNG.random((2, 32, 32, 3)).astype(np.float32))
    kept = choose_channels(model, 0.5, moments)
    assert {name for name in kept if "project" in name} == {"block_16_project"}
    assert len(kept["block_16_expand"]) == 168 and len(kept["Conv_1"]) == 640
    assert shrunk(model, kept, moments).count_params() < 0.6 * model.count_params()
