"""What a task hands over: layers, inputs, the recipe of a variant with integer activations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from host.errors import DiagnosisError
from host.quantization.aware import take_weights
from host.quantization.diagnosis.pair import chosen_inputs, integer_recipe, keras_layers, real
from host.quantization.recipes import recipes
from host.spec.types import RecipeSpec, Spec
from tests.host.quantization.diagnosis.conftest import keras_network


def test_the_recipe_of_an_integer_variant(tiny: dict[str, Any], parse: Callable[[Any], Spec]) -> None:
    known = recipes(parse(tiny))
    assert integer_recipe("tiny", known, "int8_qat") == RecipeSpec("qat", "int8", 0)
    for variant, words in (("float16", "tiny float16: its activations are float32"), ("int3", "no variant 'int3'")):
        with pytest.raises(DiagnosisError, match=f"{words}.*available: int8, int16x8, int8_qat"):
            integer_recipe("tiny", known, variant)
    with pytest.raises(DiagnosisError, match="it has no variant with integer activations"):
        integer_recipe("tiny", {"float32": known["float32"]}, "int8")


def test_layers_say_whether_they_have_a_kernel_and_what_they_read() -> None:
    import tf_keras as keras

    network = keras_network()
    image = keras.Input((8, 8, 3), batch_size=1)
    for each in (network, keras.Model(image, network(image))):  # a network within a network too
        layers = {layer.name: layer for layer in keras_layers(each)}
        assert layers["first"].weighted and layers["last"].weighted
        assert not layers["norm"].weighted and not layers["sum"].weighted
        assert layers["relu"].inputs == ("norm",) and layers["sum"].inputs == ("relu", "third")


def test_inputs_are_spread_over_all() -> None:
    assert chosen_inputs(np.arange(10), 4).tolist() == [0, 3, 6, 9]
    assert chosen_inputs(np.arange(3), 64).tolist() == [0, 1, 2]
    assert chosen_inputs(np.arange(3), 1).tolist() == [0]


def test_integers_stand_for_numbers_channel_by_channel() -> None:
    values = np.array([[-128, 127], [0, 1]], np.int8)
    assert real(values, 0.5, 127).tolist() == [[-127.5, 0], [-63.5, -63]]
    assert real(values, [0.5, 2], [0], axis=1).tolist() == [[-64, 254], [0, 2]]


def test_a_float_network_takes_the_weights_of_its_quantization_aware_copy() -> None:
    import tf_keras as keras

    from host.quantization.aware import quantization_aware

    keras.backend.clear_session()
    image = keras.Input((8, 8, 3))
    network = keras.Model(image, keras.layers.Conv2D(4, 3, activation="relu", name="only")(image))
    aware = quantization_aware(network, (0, 1), (0, 1))
    kernel, bias = network.get_layer("only").get_weights()
    network.get_layer("only").set_weights([0 * kernel, bias + 1])
    take_weights(network, aware)
    assert np.array_equal(network.get_layer("only").get_weights()[0], kernel)
    assert np.array_equal(network.get_layer("only").get_weights()[1], bias)
