"""A small network in float32 and int8, one of whose layers is bad where a test wants that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from host.quantization.diagnosis.pair import NetworkPair

IMAGES = 24
PairMaker = Callable[..., NetworkPair]


def keras_network(bad: str = "") -> Any:
    """image -> first (with norm and relu merged into it) -> second -> sum of the two -> middle -> last.

    Args:
        bad: "activations": a channel of `second` is 500 times as large as the others, and `sum` drops it again, so that
            int8 has hardly a level left for the others. "weights": the same with a weight of `middle` that reads a
            channel of zeros.
    """
    import tf_keras as keras

    keras.backend.clear_session()
    keras.utils.set_random_seed(3)
    image = keras.Input((8, 8, 3), batch_size=1, name="image")
    first = keras.layers.Conv2D(6, 3, padding="same", name="first")(image)
    first = keras.layers.BatchNormalization(name="norm")(first)
    first = keras.layers.ReLU(name="relu")(first)
    second = keras.layers.Conv2D(6, 3, padding="same", activation="relu", name="second")(first)
    third = keras.layers.Conv2D(6, 1, activation="relu", name="third")(second)
    total = keras.layers.Add(name="sum")([first, third])
    middle = keras.layers.Conv2D(6, 3, padding="same", activation="relu", name="middle")(total)
    flat = keras.layers.Reshape((8 * 8 * 6,), name="flat")(middle)
    made = keras.layers.Dense(5, name="last")(flat)
    network = keras.Model(image, made)
    second_layer, third_layer, middle_layer = (network.get_layer(name) for name in ("second", "third", "middle"))
    if bad == "activations":
        kernel, bias = second_layer.get_weights()
        bias[0] += 500.0
        second_layer.set_weights([kernel, bias])
        kernel, bias = third_layer.get_weights()
        kernel[:, :, 0] = 0
        third_layer.set_weights([kernel, bias])
    if bad == "weights":
        for layer in (network.get_layer("norm"), third_layer):  # channel 0 of `sum` is 0
            values = layer.get_weights()
            (values[0][0:1] if layer.name == "norm" else values[0][..., 0]).fill(0)
            layer.set_weights(values)
        kernel, bias = middle_layer.get_weights()
        kernel[0, 0, 0, :] = 60.0
        middle_layer.set_weights([kernel, bias])
    return network


def make_pair(bad: str = "", conversion: str = "int8") -> NetworkPair:
    """Both files of `keras_network`, and the images that calibrated it."""
    from host.quantization.diagnosis.pair import keras_layers
    from host.quantization.recipes import DEFAULTS, convert_network

    images = np.random.default_rng(5).random((IMAGES, 8, 8, 3), np.float32)
    network = keras_network(bad)
    files = [convert_network(network, DEFAULTS[name], images) for name in ("float32", conversion)]
    return NetworkPair("net", keras_layers(network), files[0], files[1], images)


@pytest.fixture(scope="session")
def good() -> NetworkPair:
    return make_pair()


@pytest.fixture(scope="session")
def outlier() -> NetworkPair:
    """`second` has one channel far above the others."""
    return make_pair("activations")


@pytest.fixture(scope="session")
def coarse() -> NetworkPair:
    """`middle` has one weight far above the others in each filter."""
    return make_pair("weights")
