"""The simulation computes what the files compute; a layer's own error is TensorFlow's QuantizationDebugger's."""

from __future__ import annotations

import csv
import io
from typing import Any

import numpy as np
import pytest

from host.quantization.diagnosis.graph import Graph
from host.quantization.diagnosis.measuring import Measured, decibels
from host.quantization.diagnosis.pair import NetworkPair
from host.quantization.diagnosis.simulation import FLOAT32, INT16, Simulation
from tests.host.quantization.diagnosis.conftest import keras_network
from tests.host.quantization.diagnosis.test_editing import run


def opened(pair: NetworkPair) -> Simulation:
    return Simulation(Graph(pair.float32, pair.layers), Graph(pair.quantized, pair.layers))


@pytest.mark.parametrize("name", ["good", "outlier", "coarse"])
def test_with_nothing_kept_it_is_the_quantized_file(name: str, request: pytest.FixtureRequest) -> None:
    pair: NetworkPair = request.getfixturevalue(name)
    simulation = opened(pair)
    grid = simulation.quantized.grid(simulation.quantized.output)
    assert grid is not None
    network = simulation.network({})
    for image in pair.inputs[:5]:
        integers = run(pair.quantized, (image * 255 - 128).round().astype(np.int8))[0].astype(np.float32)
        steps = run(network, image)[0] / grid.scale[0] + grid.zero_point[0] - integers
        assert np.abs(steps).max() < 1.01  # a kernel of integers may round the other way, by one step


def test_with_everything_kept_only_the_ends_are_rounded(good: NetworkPair) -> None:
    simulation = opened(good)
    grid = simulation.quantized.grid(simulation.quantized.output)
    assert grid is not None
    network = simulation.network(dict.fromkeys(simulation.layers, FLOAT32))
    exact, found = run(good.float32, good.inputs[1])[0], run(network, good.inputs[1])[0]
    assert 0 < np.abs(found - exact).max() < 0.6 * grid.scale[0] + 0.05  # the input is rounded to 1/255 too
    steps = found / grid.scale[0]
    assert np.abs(steps - steps.round()).max() < 1e-3


def test_16_bits_keep_the_rounding_of_weights_alone(coarse: NetworkPair, outlier: NetworkPair) -> None:
    for pair, layers, cured in ((coarse, ["middle"], False), (outlier, ["second", "third"], True)):
        measured = Measured(opened(pair), pair.inputs[:4])
        noise = measured.output_noise(measured.simulation.network(dict.fromkeys(layers, INT16)))
        assert ((decibels(noise) or 0) > 35) is cured


def test_a_layer_alone_adds_nothing_where_it_only_moves_values(good: NetworkPair) -> None:
    measured = Measured(opened(good), good.inputs[:2])
    assert measured.output_noise(measured.simulation.only("flat")) == 0
    assert measured.output_noise(measured.simulation.only("middle")) > 0


def test_readers_are_found_through_what_only_moves_values(good: NetworkPair) -> None:
    simulation = opened(good)
    assert simulation.readers("first") == ("second", "sum")
    assert simulation.readers("middle") == ("flat", "last")
    assert simulation.readers("last") == ()


def test_own_errors_are_those_of_the_quantization_debugger(good: NetworkPair) -> None:
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(keras_network())
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8

    def images() -> Any:
        return ([image[None]] for image in good.inputs)

    converter.representative_dataset = images
    debugger = tf.lite.experimental.QuantizationDebugger(converter=converter, debug_dataset=images)
    debugger.run()
    text = io.StringIO()
    debugger.layer_statistics_dump(text)
    theirs = {row["tensor_name"]: float(row["mean_squared_error"]) for row in csv.DictReader(text.getvalue().split())}
    simulation = opened(good)
    found = {layer.layer: layer for layer in Measured(simulation, good.inputs).layers()}
    compared = 0
    for name, squared in theirs.items():
        for layer in ("first", "second", "third", "middle"):
            if f"/{layer}/" in name:
                compared += 1
                own = found[layer].own_sqnr_db
                assert own is not None
                exact = simulation.float32
                power = _power(good, exact, simulation.outputs()[layer][0])
                assert 10 * np.log10(power / squared) == pytest.approx(own, abs=1.0)
    assert compared == 4


def _power(pair: NetworkPair, graph: Graph, tensor: int) -> float:
    from host.quantization.diagnosis.editing import with_outputs

    content = with_outputs(graph, [tensor])
    return float(np.mean([np.square(run(content, image)[0].astype(np.float64)).mean() for image in pair.inputs]))
