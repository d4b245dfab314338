"""The second converter: single layers in other types, 4-bit weights, and ends that are exactly what they must be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras

from device.quantization import same_grid
from device.runtime import make_interpreter, op_names, tensor_infos
from host.errors import ExportError
from host.quantization.recipes import CONVERSIONS, convert_network
from host.spec.types import RecipeSpec

GRID = 0.02  # a latent grid's scale, zero point 0
RANGES = {"source": (0.0, 1.0), "output": (-128 * GRID, 127 * GRID)}
SAMPLES = np.random.default_rng(1).uniform(0.2, 0.8, (12, 8, 8, 3)).astype(np.float32)


def network(*layers: Any) -> keras.Model:
    """A Sequential of batch 1 with weights that are the same each time."""
    keras.backend.clear_session()
    model = keras.Sequential([keras.Input((8, 8, 3), batch_size=1), *layers], name="net")
    random = np.random.default_rng(2)
    model.set_weights([random.uniform(0.05, 0.3, weight.shape) for weight in model.get_weights()])
    return model


def convolutions() -> keras.Model:
    layers: list[Any] = []
    for index in range(3):
        layers += [
            keras.layers.Conv2D(4, 3, padding="same", use_bias=False, name=f"conv{index}"),
            keras.layers.BatchNormalization(name=f"norm{index}"),
            keras.layers.ReLU(name=f"relu{index}"),
        ]
    return network(*layers, keras.layers.Conv2D(2, 1, name="last"))


def converted(
    model: keras.Model, layers: Mapping[str, str] | None = None, conversion: str = "mixed", **ranges: Any
) -> bytes:
    recipe = RecipeSpec("float", conversion, 0, layers or {})
    return convert_network(model, recipe, SAMPLES, **{**RANGES, **ranges})


def types(data: bytes) -> list[tuple[str, str]]:
    """Each operation with the type that it computes in."""
    interpreter = make_interpreter(data)
    kinds = {detail["index"]: np.dtype(detail["dtype"]).name for detail in interpreter.get_tensor_details()}
    found = [(each["op_name"], kinds[each["outputs"][0]]) for each in interpreter._get_ops_details()]
    return [each for each in found if each[0] != "DELEGATE"]


def ends_are_exact(data: bytes, low: float, high: float) -> bool:
    source, output = tensor_infos(make_interpreter(data))
    scale = (high - low) / 255
    grid = same_grid(output.scale, output.zero_point, scale, round(-128 - low / scale))
    return (source.dtype, output.dtype) == ("int8", "int8") and same_grid(source.scale, -128, 1 / 255, -128) and grid


def test_layers_are_kept_in_their_types_and_the_ends_are_int8() -> None:
    data = converted(convolutions(), {"conv1": "int16", "conv2": "float32"})
    assert types(data) == [
        ("CONV_2D", "int8"),
        ("QUANTIZE", "int16"),
        ("CONV_2D", "int16"),
        ("DEQUANTIZE", "float32"),
        ("CONV_2D", "float32"),
        ("QUANTIZE", "int8"),
        ("CONV_2D", "int8"),
    ]
    assert ends_are_exact(data, *RANGES["output"])


@pytest.mark.parametrize("kept", ["int16", "float32"])
@pytest.mark.parametrize("layers", [("conv0", "norm0"), ("last",)])
def test_a_first_or_last_layer_in_another_type_leaves_the_ends_as_they_are(layers: Sequence[str], kept: str) -> None:
    data = converted(convolutions(), dict.fromkeys(layers, kept))
    assert [kind for name, kind in types(data) if name == "CONV_2D"].count(kept) == 1
    assert ends_are_exact(data, *RANGES["output"])


def test_an_operation_is_kept_by_any_of_the_layers_in_it() -> None:
    made = {converted(convolutions(), {name: "int16"}) for name in ("conv1", "norm1", "relu1", "net/*1")}
    assert len(made) == 1 and ("CONV_2D", "int16") in types(made.pop())


def test_without_kept_layers_all_is_int8() -> None:
    assert types(converted(convolutions())) == [("CONV_2D", "int8")] * 4


def test_a_range_that_a_reshape_passes_on_is_exact_too() -> None:
    model = network(
        keras.layers.Flatten(name="flat"), keras.layers.Dense(8, name="dense"), keras.layers.Reshape((2, 2, 2))
    )
    assert ends_are_exact(converted(model), *RANGES["output"])


def test_without_a_range_calibration_finds_the_outputs() -> None:
    model = convolutions()
    _, output = tensor_infos(make_interpreter(converted(model, output=None)))
    largest = float(np.max(model.predict(SAMPLES, batch_size=1, verbose=0)))
    # The samples have their first and last value moved to the ends of the range, which may add to it.
    assert output.scale * (127 - output.zero_point) == pytest.approx(largest, rel=0.2)


def test_one_sample_is_enough_to_widen_a_range() -> None:
    model, samples = network(keras.layers.Conv2D(1, 1, name="only")), SAMPLES.copy()
    recipe = RecipeSpec("float", "mixed", 0)

    def reach(samples: np.ndarray) -> float:
        _, output = tensor_infos(make_interpreter(convert_network(model, recipe, samples)))
        return output.scale * (127 - output.zero_point)

    samples[5] = 1.0
    assert reach(samples) > 1.15 * reach(SAMPLES)


def test_the_same_network_gives_the_same_bytes() -> None:
    for conversion in ("mixed", "int4_dynamic", "int4_weights"):
        assert len({converted(convolutions(), {"last": "float32"}, conversion) for _ in range(2)}) == 1


@pytest.mark.parametrize("conversion", ["int4_dynamic", "int4_weights"])
def test_four_bit_weights_have_float_ends_and_half_the_bytes_of_eight(conversion: str) -> None:
    wide = [keras.layers.Conv2D(64, 3, padding="same", name=f"conv{index}") for index in range(2)]
    model, plain = network(*wide), RecipeSpec("float", "float32", 0)
    sizes = {name: len(converted(model, {}, name)) for name in ("int8", conversion)}
    data = converted(model, {"conv0": "float32"}, conversion)
    assert [info.dtype for info in tensor_infos(make_interpreter(data))] == ["float32", "float32"]
    assert sizes[conversion] < 0.65 * sizes["int8"]
    assert sizes[conversion] < len(data) < len(convert_network(model, plain, None))
    constants = ("DEQUANTIZE",) if conversion == "int4_weights" else ()
    assert op_names(make_interpreter(data))[:3] == ("CONV_2D", *constants, "CONV_2D", "DELEGATE")[:3]


def test_depthwise_convolutions_have_eight_bit_weights_where_others_have_four() -> None:
    model = network(keras.layers.Conv2D(64, 1), keras.layers.DepthwiseConv2D(3, name="depth"))
    details = make_interpreter(converted(model, {}, "int4_dynamic")).get_tensor_details()
    assert [np.dtype(each["dtype"]).name for each in details if each["name"] == "net/depth/depthwise"] == ["int8"]


def test_weights_with_fake_quantization_are_refused() -> None:
    model = convolutions()
    faked = keras.Model(model.input, tf.quantization.fake_quant_with_min_max_args(model.output, -1.0, 1.0))
    with pytest.raises(ExportError, match="takes no weights with fake quantization; name a stage without"):
        converted(faked)


def test_a_layer_without_a_16_bit_kernel_is_named() -> None:
    model = network(keras.layers.Lambda(lambda x: tf.nn.space_to_depth(x, 2), name="fold"), keras.layers.Conv2D(2, 1))
    with pytest.raises(ExportError, match=r"^layer fold: no int16 for SPACE_TO_DEPTH; keep it in float32$"):
        converted(model, {"fold": "int16"})


def test_an_end_that_cannot_have_its_range_is_refused() -> None:
    model = network(keras.layers.Conv2D(2, 1), keras.layers.Activation("tanh", name="bounded"))
    with pytest.raises(ExportError, match=r"expected scale 0\.02 zero point 0; end in another layer"):
        converted(model)


def test_only_its_conversions_keep_single_layers() -> None:
    kept: dict[str, Callable[..., bytes]] = {name: one.converter for name, one in CONVERSIONS.items() if one.layers}
    assert list(kept) == ["mixed", "int4_dynamic", "int4_weights"]
