"""Bias correction: mean errors vanish where kernels are rounded, and nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest
import tf_keras as keras

from device.runtime import Network, make_interpreter
from host.errors import ExportError
from host.quantization import aware
from host.quantization.bias_correction import corrected_biases
from host.quantization.recipes import convert_network
from host.spec.types import RecipeSpec

LAYERS = keras.layers
RNG = np.random.default_rng(0)
IMAGES = RNG.random((70, 12, 12, 3)).astype(np.float32)


@pytest.fixture
def model() -> keras.Model:
    """Kernels with one large weight in each channel, so that rounding hurts the others; values that have a mean."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(0)
    image = keras.Input((12, 12, 3), name="image")
    values = LAYERS.Conv2D(8, 3, strides=2, padding="same", use_bias=False, name="first")(image)
    values = LAYERS.ReLU(name="first_relu")(LAYERS.BatchNormalization(name="normal")(values))
    values = LAYERS.DepthwiseConv2D(3, depth_multiplier=2, name="deep")(values)
    values = LAYERS.Conv2D(8, 1, activation="relu", groups=2, name="grouped")(LAYERS.ReLU(name="relu")(values))
    values = LAYERS.GlobalAveragePooling2D(name="pool")(values)
    made = keras.Model(image, LAYERS.Dense(6, name="scores")(values))
    for name in ("first", "deep", "grouped", "scores"):
        kernel, *biases = made.get_layer(name).get_weights()
        kernel = RNG.normal(0, 0.05, kernel.shape).astype(np.float32)
        kernel.reshape(-1, np.prod(kernel.shape[2:] if name == "deep" else kernel.shape[-1:]))[0] = 3.0
        made.get_layer(name).set_weights([kernel, *biases])
    normal = made.get_layer("normal")
    normal.set_weights([value.astype(np.float32) for value in RNG.uniform(0.5, 1.5, (4, 8))])
    return made


def recipe(**other: object) -> RecipeSpec:
    return RecipeSpec("float", "int16x8", 0, **other)  # type: ignore[arg-type]


def scores(model: keras.Model, chosen: RecipeSpec) -> np.ndarray:
    """Of the file, for all images; its activations have 16 bits, so what is wrong is the weights'."""
    image = keras.Input(model.input_shape[1:], batch_size=1, name="image")
    network = Network(make_interpreter(convert_network(keras.Model(image, model(image)), chosen, IMAGES)))
    found = []
    for each in IMAGES:
        network.set(np.rint(each / network.input.scale).astype(np.int16)[None])
        network.invoke()
        found.append(network.get()[0] * network.output.scale)
    return np.stack(found)


def test_what_rounding_does_to_the_mean_is_taken_back(model: keras.Model) -> None:
    exact, before = model.predict(IMAGES, verbose=0), [each.numpy() for each in model.weights]
    plain, corrected = (
        np.abs((scores(model, each) - exact).mean(0)) for each in (recipe(), recipe(bias_correction=True))
    )
    assert corrected.max() < 0.25 * plain.max() and plain.max() > 1e-3
    for weight, value in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(weight.numpy(), value)


def test_every_kind_of_layer_is_corrected_where_its_values_can_move(model: keras.Model) -> None:
    before = {each.name: each.numpy() for each in model.weights}
    with corrected_biases(model, IMAGES, {}):
        changed = {each.name.split(":")[0] for each in model.weights if (each.numpy() != before[each.name]).any()}
    # The biases of the other layers; the first one's channels are moved by the normalization that is folded into it.
    assert changed == {"normal/moving_mean", "deep/bias", "grouped/bias", "scores/bias"}


def test_layers_that_stay_in_float32_are_left_alone(model: keras.Model) -> None:
    before = model.get_layer("deep").bias.numpy()
    with corrected_biases(model, IMAGES, {"*": "float32", "scores": "int16"}):
        np.testing.assert_array_equal(model.get_layer("deep").bias.numpy(), before)
        assert model.get_layer("scores").bias.numpy().any()


def test_weights_with_fake_quantization_are_refused(model: keras.Model) -> None:
    image = keras.Input((12, 12, 3))
    small = keras.Model(image, LAYERS.Flatten()(LAYERS.Conv2D(4, 3)(image)))
    quantized = aware.quantization_aware(small, (0.0, 1.0), None)
    with pytest.raises(ExportError, match="no layer's bias can be corrected"), corrected_biases(quantized, IMAGES, {}):
        pass
