"""Operations and the Keras layers that they come from; the same operation in two files."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from host.errors import DiagnosisError
from host.quantization.diagnosis.graph import Graph, matched
from host.quantization.diagnosis.pair import KerasLayer, NetworkPair

LAYERS = ["first", "second", "third", "sum", "middle", "flat", "last"]


def test_what_is_merged_is_the_layer_with_the_weights(good: NetworkPair) -> None:
    for content in (good.float32, good.quantized):
        graph = Graph(content, good.layers)
        assert sorted(graph.layers()) == sorted(LAYERS)  # norm and relu are in first
        kinds = {operation.layer: operation.kind for operation in graph.operations}
        assert (kinds["first"], kinds["sum"], kinds["last"]) == ("CONV_2D", "ADD", "FULLY_CONNECTED")
        assert {operation.layer for operation in graph.operations if operation.moving} == {"flat"}


def test_constants_and_grids_are_those_of_the_file(good: NetworkPair) -> None:
    exact, rounded = Graph(good.float32, good.layers), Graph(good.quantized, good.layers)
    grid = rounded.grid(rounded.source)
    assert grid is not None and grid.dtype == "int8" and grid.zero_point == (-128,)
    assert grid.scale == pytest.approx([1 / 255])
    assert exact.grid(exact.source) is None
    (ours,) = (operation for operation in exact.operations if operation.layer == "middle")
    (theirs,) = (operation for operation in rounded.operations if operation.layer == "middle")
    kernel, other = exact.constant(ours.inputs[1]), rounded.real_constant(theirs.inputs[1])
    assert kernel is not None and other is not None and kernel.shape == other.shape
    steps = np.abs(kernel).max((1, 2, 3)) / 127
    assert (np.abs(kernel - other) <= 0.5001 * steps[:, None, None, None]).all()
    assert exact.real_constant(ours.inputs[1]) is None and exact.constant(exact.source) is None


def test_each_operation_is_found_in_the_other_file(good: NetworkPair) -> None:
    exact, rounded = Graph(good.float32, good.layers), Graph(good.quantized, good.layers)
    found = matched(exact, rounded)
    assert [(o.kind, o.layer) for o in found] == [(o.kind, o.layer) for o in exact.operations]


def test_another_network_is_refused_in_one_line(good: NetworkPair) -> None:
    other = tuple(replace(layer, name="other" if layer.name == "middle" else layer.name) for layer in good.layers)
    with pytest.raises(DiagnosisError, match="is in only one of the two files") as caught:
        matched(Graph(good.float32, good.layers), Graph(good.quantized, other))
    assert "\n" not in str(caught.value)


def test_names_are_whole_components_and_lose_the_prefix_of_quantization_aware_training(good: NetworkPair) -> None:
    graph = Graph(good.float32, [KerasLayer("block_1", True), KerasLayer("relu", False, ("norm",))])
    assert graph._named("model/quant_block_1/BiasAdd;model/relu/Relu") == "block_1"
    assert graph._named("model/block_10/BiasAdd") is None
