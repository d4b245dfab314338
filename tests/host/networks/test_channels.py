"""What could leave a network, and what is left."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tf_keras as keras

from host.networks.channels import channel_flows, narrowed

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
    return keras.Model(image, LAYERS.Dense(5, name="scores")(end()(LAYERS.MaxPooling2D()(last))))


def test_what_reaches_an_add_or_the_output_stays() -> None:
    flows = channel_flows(network(LAYERS.Flatten))
    assert flows.readers == {"wide": ("narrow",), "last": ("scores",)}


@pytest.mark.parametrize("end", [LAYERS.Flatten, LAYERS.GlobalAveragePooling2D])
def test_each_layer_keeps_the_weights_of_what_is_left(end: Any) -> None:
    model = network(end)
    for name in ("wide", "last"):
        kernel, *biases = model.get_layer(name).get_weights()
        kernel[..., ::2] = 0
        model.get_layer(name).set_weights([kernel, *(0 * bias for bias in biases)])
    model.get_layer("bn").moving_variance.assign(RNG.uniform(0.5, 1.5, 24))
    kept = {"wide": list(range(1, 24, 2)), "last": list(range(1, 16, 2))}
    smaller = narrowed(model, kept)
    assert [layer.name for layer in smaller.layers] == [layer.name for layer in model.layers]
    assert smaller.count_params() < model.count_params()
    np.testing.assert_allclose(smaller(IMAGES), model(IMAGES), atol=1e-5)


@pytest.mark.parametrize("kept", [{"narrow": [0]}, {"wide": [24]}, {"missing": [0]}])
def test_channels_that_cannot_leave_are_refused(kept: dict[str, list[int]]) -> None:
    with pytest.raises(ValueError, match=f"layer {next(iter(kept))} has no such channels that could be removed"):
        narrowed(network(LAYERS.Flatten), kept)
