"""Structured pruning: what leaves changes nothing that was not there, and everything else still fits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tf_keras as keras

from host.networks.channels import choose_channels, narrowed

LAYERS = keras.layers
RNG = np.random.default_rng(0)
IMAGES = RNG.random((4, 8, 8, 3)).astype(np.float32)


def network(end: Any) -> keras.Model:
    """Convolution, depthwise convolution and convolution, then a residual; `end` makes a vector of it."""
    keras.utils.set_random_seed(0)
    image = keras.Input((8, 8, 3))
    wide = LAYERS.BatchNormalization(name="bn")(LAYERS.Conv2D(24, 1, use_bias=False, name="wide")(image))
    deep = LAYERS.DepthwiseConv2D(3, padding="same", name="deep")(LAYERS.ReLU(6.0)(wide))
    narrow = LAYERS.Conv2D(16, 1, name="narrow")(deep)
    added = LAYERS.Add()([narrow, LAYERS.Conv2D(16, 3, padding="same", name="other")(narrow)])
    last = LAYERS.Conv2D(16, 3, activation="relu", name="last")(added)
    return keras.Model(image, LAYERS.Dense(5, name="scores")(end(LAYERS.MaxPooling2D()(last))))


@pytest.mark.parametrize("end", [LAYERS.Flatten(), LAYERS.GlobalAveragePooling2D()])
def test_channels_that_are_zero_leave_without_a_change(end: Any) -> None:
    model = network(end)
    model.get_layer("bn").set_weights([*RNG.random((4, 24)).astype(np.float32)])
    for name in ("wide", "last"):
        kernel, *biases = model.get_layer(name).get_weights()
        kernel[..., ::2] = 0
        model.get_layer(name).set_weights([kernel, *(0 * bias for bias in biases)])
    gamma, beta, mean, variance = model.get_layer("bn").get_weights()
    beta[::2] = mean[::2] = 0
    model.get_layer("bn").set_weights([gamma, beta, mean, variance])
    kept = choose_channels(model, 0.4)
    assert set(kept) == {"wide", "last"}, "what reaches an Add stays, and so do the scores"
    assert len(kept["wide"]) == 16 and len(kept["last"]) == 8, "multiples of 8"
    assert kept["last"] == list(range(1, 16, 2)) and set(range(1, 24, 2)) <= set(kept["wide"])
    smaller = narrowed(model, kept)
    assert [layer.name for layer in smaller.layers] == [layer.name for layer in model.layers]
    assert smaller.count_params() < model.count_params()
    np.testing.assert_allclose(smaller(IMAGES), model(IMAGES), atol=1e-5)


def test_what_batch_normalization_makes_small_is_small() -> None:
    model = network(LAYERS.Flatten())
    gamma, *others = model.get_layer("bn").get_weights()
    gamma[3:11] = 1e-3
    model.get_layer("bn").set_weights([gamma, *others])
    assert choose_channels(model, 1 / 3)["wide"] == [*range(3), *range(11, 24)]


def test_eight_channels_stay_in_each_layer() -> None:
    assert {len(channels) for channels in choose_channels(network(LAYERS.Flatten()), 0.99).values()} == {8}


@pytest.mark.parametrize("kept", [{"narrow": [0]}, {"wide": [24]}, {"missing": [0]}])
def test_channels_that_cannot_leave_are_refused(kept: dict[str, list[int]]) -> None:
    with pytest.raises(ValueError, match=f"layer {next(iter(kept))} has no such channels that could be removed"):
        narrowed(network(LAYERS.Flatten()), kept)


def test_a_mobilenet_keeps_what_its_residuals_add() -> None:
    image = keras.Input((32, 32, 3))
    made = keras.applications.MobileNetV2(input_tensor=image, alpha=0.35, include_top=False, weights=None)
    model = keras.Model(image, LAYERS.Dense(10)(LAYERS.GlobalAveragePooling2D()(made.output)))
    kept = choose_channels(model, 0.5)
    assert {name for name in kept if "project" in name} == {"block_16_project"}
    assert len(kept["block_16_expand"]) == 168 and len(kept["Conv_1"]) == 640
    assert narrowed(model, kept).count_params() < 0.6 * model.count_params()
