"""Fake quantization by hand: the file has the operations of any int8 file, and computes what training computed."""

from __future__ import annotations

import numpy as np
import pytest
import tf_keras as keras

from device.runtime import Network, make_interpreter
from host.errors import ModelError
from host.packaging.network_file import describe
from host.quantization.awareness import AWARE
from host.quantization.by_hand import leave_kernels, plain, quantization_aware, rounded, set_ranges, settled
from host.quantization.recipes import convert_network
from host.spec.types import RecipeSpec

LAYERS = keras.layers
RNG = np.random.default_rng(0)
IMAGES = RNG.random((16, 8, 8, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def model() -> keras.Model:
    """A small relative of MobileNetV2, with batch normalizations that do something."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(0)
    image = keras.Input((8, 8, 3))
    large = LAYERS.UpSampling2D(2, interpolation="bilinear", name="enlarge")(image)
    wide = LAYERS.Conv2D(16, 1, use_bias=False, name="wide")(large)
    wide = LAYERS.ReLU(6.0, name="relu")(LAYERS.BatchNormalization(name="wide_bn")(wide))
    deep = LAYERS.DepthwiseConv2D(3, strides=2, use_bias=False, name="deep")(LAYERS.ZeroPadding2D(name="pad")(wide))
    deep = LAYERS.Activation("relu", name="deep_relu")(LAYERS.BatchNormalization(name="deep_bn")(deep))
    narrow = LAYERS.BatchNormalization(name="narrow_bn")(LAYERS.Conv2D(8, 1, name="narrow")(deep))
    other = LAYERS.Conv2D(8, 3, padding="same", activation="relu", name="other")(narrow)
    added = LAYERS.ReLU(name="added_relu")(LAYERS.Add(name="added")([narrow, other]))
    pooled = LAYERS.GlobalAveragePooling2D(name="pool")(LAYERS.AveragePooling2D(name="mean")(added))
    made = keras.Model(image, LAYERS.Dense(5, name="scores")(LAYERS.Dropout(0.2, name="drop")(pooled)))
    for layer in made.layers:
        if isinstance(layer, LAYERS.BatchNormalization):
            layer.set_weights(list(RNG.uniform(0.5, 1.5, (4, *layer.gamma.shape)).astype(np.float32)))
    return made


@pytest.fixture(scope="module")
def aware(model: keras.Model) -> keras.Model:
    """The same with fake quantization."""
    found = quantization_aware(model, (0.0, 1.0))
    set_ranges(found, model, IMAGES)
    return found


def converted(model: keras.Model) -> bytes:
    image = keras.Input(model.input_shape[1:], batch_size=1, name="image")
    return convert_network(keras.Model(image, model(image)), RecipeSpec("", "int8", 0), IMAGES)


def test_folding_changes_no_output(model: keras.Model, aware: keras.Model) -> None:
    np.testing.assert_allclose(plain(aware)(IMAGES), model(IMAGES), atol=1e-5)
    assert not [layer for layer in plain(aware).layers if isinstance(layer, LAYERS.BatchNormalization)]


def test_fake_quantization_is_near_the_float_network(model: keras.Model, aware: keras.Model) -> None:
    wanted, found = model(IMAGES).numpy(), aware(IMAGES).numpy()
    error = np.abs(found - wanted).max() / np.ptp(wanted)
    assert 1e-4 < error < 0.1


def test_each_output_channel_has_a_grid_of_its_own(aware: keras.Model) -> None:
    for name, weight, axes in (("wide", "kernel", (0, 1, 2)), ("deep", "depthwise_kernel", (0, 1))):
        kernel = getattr(aware.get_layer(name).layer, weight)
        scale = np.abs(kernel).max(axis=axes, keepdims=True) / 127
        steps = rounded(kernel, kernel.shape[-1] if name == "wide" else kernel.shape[2]).numpy() / scale
        np.testing.assert_allclose(steps, np.rint(steps), atol=1e-3)
        assert np.abs(np.rint(steps)).max() == 127


def test_ranges_follow_what_passes_in_training_alone(aware: keras.Model) -> None:
    wide = aware.get_layer("relu")
    before = wide.high.numpy()
    aware(0 * IMAGES)
    assert wide.high.numpy() == before
    aware(0 * IMAGES, training=True)
    assert wide.high.numpy() < before
    wide.high.assign(before)


def test_a_transposed_convolution_is_refused() -> None:
    image = keras.Input((8, 8, 3))
    made = keras.Model(image, LAYERS.Conv2D(4, 1)(LAYERS.Conv2DTranspose(3, 3, name="larger")(image)))
    with pytest.raises(ModelError, match="larger: no fake quantization by hand of a Conv2DTranspose"):
        quantization_aware(made, (0.0, 1.0))


def test_no_layer_is_not_every_layer(model: keras.Model) -> None:
    with pytest.raises(ModelError, match="no layer to quantize"):
        quantization_aware(model, (0.0, 1.0), [])
    options = {"layers": ["nothing"], "weight_bits": 8, "activation_bits": 8}
    with pytest.raises(ModelError, match="no layer to quantize"):
        AWARE["fake_quant"].make(model, options)


def test_the_file_has_the_operations_of_post_training_quantization(model: keras.Model, aware: keras.Model) -> None:
    again = quantization_aware(model, (0.0, 1.0))
    again.set_weights(aware.get_weights())
    leave_kernels(again)
    made, usual = converted(again), converted(model)
    found = describe(made)
    assert found.ops == describe(usual).ops
    assert found.input.scale == pytest.approx(1 / 255, rel=1e-6) and found.input.zero_point == -128
    network = Network(make_interpreter(made))
    for image, scores in zip(IMAGES, aware(IMAGES).numpy(), strict=True):
        network.set((np.rint(image * 255) - 128).astype(np.int8)[None])
        network.invoke()
        got = (network.get()[0].astype(np.float32) - found.output.zero_point) * found.output.scale
        np.testing.assert_allclose(got, scores, atol=3.5 * found.output.scale)


def test_settled_kernels_are_those_that_training_computed_with(model: keras.Model) -> None:
    trained = quantization_aware(model, (0.0, 1.0), ["narrow", "deep"], 4, 8)
    kernel = trained.get_layer("narrow").layer.kernel
    steps = np.linspace(-7, 7, 15)[np.arange(kernel.shape[2]) % 15][:, None] + np.zeros(kernel.shape[3])
    edges = np.where(np.abs(steps) < 7, steps + np.float32(0.5) * np.sign(RNG.random(steps.shape) - 0.5), steps)
    kernel.assign(np.float32(0.1) * edges[None, None].astype(np.float32))
    found, before = settled(trained), plain(trained)
    made = found.get_layer("narrow").kernel
    np.testing.assert_array_equal(made, rounded(kernel, kernel.shape[3], 4))
    np.testing.assert_array_equal(rounded(made, kernel.shape[3], 4), made, "rounded once more, it stays")
    assert np.abs(made - before.get_layer("narrow").kernel).max() > 0.03
    np.testing.assert_array_equal(found.get_layer("other").kernel, before.get_layer("other").kernel)
    deep = found.get_layer("deep").depthwise_kernel
    assert all(len(np.unique(deep[..., channel, 0])) <= 15 for channel in range(deep.shape[2]))


FIXED = {"tanh": (-1.0, 1 / 128), "sigmoid": (0.0, 1 / 256), "softmax": (0.0, 1 / 256)}


@pytest.mark.parametrize("activation", FIXED)
def test_outputs_on_a_fixed_range_are_rounded_as_the_file_rounds_them(activation: str) -> None:
    keras.backend.clear_session()
    keras.utils.set_random_seed(1)
    image = keras.Input((8, 8, 3))
    bent = LAYERS.Activation(activation, name="bent")(
        LAYERS.Conv2D(6, 3, name="wide")(LAYERS.Rescaling(8.0, -4.0)(image))
    )
    network = keras.Model(image, LAYERS.Conv2D(2, 1, name="last")(bent))
    found = quantization_aware(network, (0.0, 1.0), ["last"])
    set_ranges(found, network, IMAGES)
    start, step = FIXED[activation]
    seen = keras.Model(found.input, found.get_layer("bent").output)(IMAGES).numpy()
    exact = keras.Model(network.input, network.get_layer("bent").output)(IMAGES).numpy()
    np.testing.assert_allclose(seen / step, np.rint(seen / step), atol=1e-4)
    np.testing.assert_allclose(seen, np.clip(exact, start, 1 - step), atol=step / 2 + 1e-6)
    # The file's own grid.
    whole = quantization_aware(network, (0.0, 1.0))
    set_ranges(whole, network, IMAGES)
    leave_kernels(whole)
    details = make_interpreter(converted(whole)).get_tensor_details()
    scales = [each["quantization"][0] for each in details if each["dtype"] is np.int8]
    assert step in scales
    with_rounding = quantization_aware(network, (0.0, 1.0), activation_bits=3)
    set_ranges(with_rounding, network, IMAGES)
    rough = keras.Model(with_rounding.input, with_rounding.get_layer("bent").output)(IMAGES).numpy() / step / 32
    np.testing.assert_allclose(rough, np.rint(rough), atol=1e-4)
    assert len(with_rounding.get_layer("bent").weights) == 0


def test_a_softmax_that_no_chosen_layer_reads_is_left() -> None:
    image = keras.Input((8, 8, 3))
    first = LAYERS.Softmax(name="shares")(LAYERS.Conv2D(4, 1, name="wide")(image))
    network = keras.Model(image, LAYERS.Conv2D(2, 1, name="last")(LAYERS.Conv2D(2, 1, name="middle")(first)))
    found = quantization_aware(network, (0.0, 1.0), ["last"])
    assert isinstance(found.get_layer("shares"), LAYERS.Softmax)
    assert not isinstance(quantization_aware(network, (0.0, 1.0), ["middle"]).get_layer("shares"), LAYERS.Softmax)
