"""Costs of known networks, computed by hand; what a file claims; every file is opened by every runtime at hand."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from device.bundle import read_bundle
from device.runtime import PREFERENCE, available_runtimes
from host.errors import ExportError
from host.packaging.decoders import find_decoders
from host.packaging.network_file import Costs, min_runtime_version, network_costs, runtimes
from tests.host.packaging.conftest import DATA

Layers = Callable[[Any, Any], Any]

# Image 8 x 8 x 3. Each: a network, its weights and biases, its multiply-accumulates.
NETWORKS: dict[str, tuple[Layers, int, int]] = {
    "strided": (
        lambda k, x: k.layers.Conv2D(5, 3, strides=2, padding="same")(x),
        3 * 3 * 3 * 5 + 5,
        4 * 4 * 5 * 3 * 3 * 3,
    ),
    "valid": (lambda k, x: k.layers.Conv2D(5, 3, padding="valid")(x), 3 * 3 * 3 * 5 + 5, 6 * 6 * 5 * 3 * 3 * 3),
    "depthwise": (
        lambda k, x: k.layers.DepthwiseConv2D((3, 5), padding="same", depth_multiplier=2)(x),
        3 * 5 * 6 + 6,
        8 * 8 * 6 * 3 * 5,
    ),
    "one channel, depthwise with 1 to 4": (
        lambda k, x: k.layers.DepthwiseConv2D(3, padding="same", depth_multiplier=4)(k.layers.Conv2D(1, 1)(x)),
        (3 + 1) + (3 * 3 * 4 + 4),
        8 * 8 * 3 + 8 * 8 * 4 * 9,
    ),
    "groups": (
        lambda k, x: k.layers.Conv2D(6, 3, padding="same", groups=3)(x),
        3 * 3 * 1 * 6 + 6,
        8 * 8 * 6 * 3 * 3 * 1,
    ),
    # Each of the 64 places of the input writes 4 x 4 of the output, also those that are cut off at the edge.
    "transposed": (
        lambda k, x: k.layers.Conv2DTranspose(2, 4, strides=2, padding="same")(x),
        4 * 4 * 3 * 2 + 2,
        8 * 8 * 4 * 4 * 3 * 2,
    ),
    "fully connected": (
        lambda k, x: k.layers.Dense(10)(k.layers.Flatten()(x)),
        192 * 10 + 10,
        192 * 10,
    ),
    "no weights": (lambda k, x: k.layers.Add()([x, k.layers.ReLU()(x)]), 0, 0),
}


def network(layers: Layers, conversion: str = "float32") -> bytes:
    import tensorflow as tf
    import tf_keras as keras

    image = keras.Input((8, 8, 3), batch_size=1)
    model = keras.Model(image, layers(keras, image))
    # Zeros are cut out, and equal weights are stored once: neither is a trained network's.
    model.set_weights([tf.random.stateless_normal(each.shape, [1, n]) for n, each in enumerate(model.get_weights())])
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if conversion != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if conversion == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if conversion == "int8":
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        samples = [tf.random.stateless_uniform((1, 8, 8, 3), [2, n]) for n in range(4)]
        converter.representative_dataset = lambda: ([sample] for sample in samples)
    return bytes(converter.convert())


@pytest.mark.parametrize("name", list(NETWORKS))
def test_a_known_network(name: str) -> None:
    layers, parameters, macs = NETWORKS[name]
    assert network_costs(network(layers)) == Costs(parameters, macs)


@pytest.mark.parametrize("conversion", ["float16", "dynamic_range", "int8"])
@pytest.mark.parametrize("name", ["strided", "depthwise", "transposed"])
def test_quantization_changes_neither(name: str, conversion: str) -> None:
    layers, parameters, macs = NETWORKS[name]
    assert network_costs(network(layers, conversion)) == Costs(parameters, macs)


def test_weights_that_two_layers_share_are_parameters_once_and_work_twice() -> None:
    def twice(keras: Any, image: Any) -> Any:
        layer = keras.layers.Conv2D(3, 3, padding="same")
        return layer(layer(image))

    assert network_costs(network(twice)) == Costs(3 * 3 * 3 * 3 + 3, 2 * 8 * 8 * 3 * 3 * 3 * 3)


def test_a_product_of_two_computed_tensors_has_no_parameters() -> None:
    import tensorflow as tf

    def product(keras: Any, image: Any) -> Any:
        rows = keras.layers.Reshape((8, 24))(image)
        return keras.layers.Lambda(lambda x: tf.matmul(x, x, transpose_b=True))(rows)

    assert network_costs(network(product)).parameters == 0


@pytest.mark.parametrize("variant", ["float32", "int8", "int16x8"])
def test_a_committed_encoder(variant: str) -> None:
    data = (DATA / f"tiny.{variant}.tflite").read_bytes()
    first, second = 3 * 3 * 3 * 8, 3 * 3 * 8 * 4  # to 4 x 4 x 8, to 2 x 2 x 4
    assert network_costs(data) == Costs(first + 8 + second + 4, 16 * first + 4 * second)


def test_export_writes_the_costs_of_every_encoder_and_decoder(loop: Any) -> None:
    bundle = read_bundle(loop.bundles / "tiny")
    assert {(entry.parameters, entry.macs) for entry in bundle.variants.values()} == {(1096, 3072 + 9600 + 4608)}
    for entry in bundle.variants.values():
        networks = find_decoders(loop.build, entry.tag).networks
        counts = {name: (network.parameters, network.macs) for name, network in networks.items()}
        assert counts["full"] == (1096 + counts["own"][0], 17280 + counts["own"][1])
        assert counts.get("tuned", counts["own"]) == counts["own"]


def test_the_summary_counts_as_the_exported_files_do(loop: Any) -> None:
    from host.networks.builder import build
    from host.networks.summary import network_macs
    from host.tasks import open_spec

    encoder, decoder = build(open_spec("tiny", loop.models)[1])
    bundle = read_bundle(loop.bundles / "tiny")
    own = find_decoders(loop.build, bundle.variant("float32").tag).read("own")
    assert network_macs(encoder) == bundle.variant("float32").macs
    assert network_macs(decoder) == network_costs(own).macs


@pytest.mark.parametrize("variant", ["float32", "int8", "int16x8"])
def test_a_converted_file_says_a_version(variant: str) -> None:
    found = min_runtime_version((DATA / f"tiny.{variant}.tflite").read_bytes())
    assert found is not None
    assert re.fullmatch(r"\d+\.\d+\.\d+", found)


def test_each_runtime_says_whether_it_runs_the_file() -> None:
    found = runtimes((DATA / "tiny.int8.tflite").read_bytes(), "tiny int8")
    assert set(found) == set(PREFERENCE)
    for name in PREFERENCE:
        assert found[name] == ("runs" if name in available_runtimes() else "not tried: not installed here")


@pytest.mark.parametrize("content", [b"", b"not a network at all, only some bytes", bytes(5000)])
def test_bytes_that_no_runtime_runs_are_an_export_error(content: bytes) -> None:
    with pytest.raises(
        ExportError, match=r"^m int8 encoder: no runtime at hand runs it \(ai_edge_litert fails"
    ) as caught:
        runtimes(content, "m int8 encoder")
    assert "\n" not in str(caught.value)


def test_a_truncated_file_is_an_export_error() -> None:
    content = (DATA / "tiny.int8.tflite").read_bytes()
    with pytest.raises(ExportError, match="no runtime at hand runs it"):
        runtimes(content[: len(content) // 2], "m")
