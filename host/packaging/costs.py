"""Parameters and multiply-accumulates of a .tflite file, read from its graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

from ai_edge_litert import schema_py_generated as schema

_OPERATOR = schema.BuiltinOperator
_UNPACK = (_OPERATOR.DEQUANTIZE, _OPERATOR.DENSIFY)  # float16 and sparse weights pass through one of these


@dataclass(frozen=True)
class Costs:
    """What one image costs.

    Attributes:
        parameters: weights and biases in the file, each counted once; biases of zeros that the converter added count.
        macs: multiply-accumulates of convolutions and fully connected layers. Padding counts like pixels; biases,
            activations and all other operations do not count: the usual convention.
    """

    parameters: int
    macs: int


@dataclass(frozen=True)
class _Weighted:
    """Where an operator's inputs are (biases follow the later one), and its MACs from source, weights and output."""

    source: int
    weights: int
    macs: Callable[[list[int], list[int], list[int]], int]


_WEIGHTED: dict[int, _Weighted] = {
    # weights (out, height, width, in): `in` is that of one group already
    _OPERATOR.CONV_2D: _Weighted(0, 1, lambda source, weights, output: prod(output) * prod(weights[1:])),
    # weights (1, height, width, out)
    _OPERATOR.DEPTHWISE_CONV_2D: _Weighted(0, 1, lambda source, weights, output: prod(output) * prod(weights[1:3])),
    # inputs: the output's shape, weights (out, height, width, in), source
    _OPERATOR.TRANSPOSE_CONV: _Weighted(2, 1, lambda source, weights, output: prod(source) * prod(weights[:3])),
    # weights (out, in)
    _OPERATOR.FULLY_CONNECTED: _Weighted(0, 1, lambda source, weights, output: prod(output) * weights[1]),
}


def network_costs(model: bytes) -> Costs:
    """Counts the weighted operators of a .tflite file's first subgraph."""
    root = schema.Model.GetRootAs(model, 0)
    graph = root.Subgraphs(0)
    shapes = [list(map(int, graph.Tensors(index).ShapeAsNumpy())) for index in range(graph.TensorsLength())]
    constants = {index for index in range(len(shapes)) if root.Buffers(graph.Tensors(index).Buffer()).DataLength()}
    counted: set[int] = set()
    macs = 0
    for number in range(graph.OperatorsLength()):
        operator = graph.Operators(number)
        inputs, outputs = (list(map(int, ends)) for ends in (operator.InputsAsNumpy(), operator.OutputsAsNumpy()))
        kind = _kind(root, operator)
        if kind in _UNPACK and inputs[0] in constants:
            constants.add(outputs[0])
        if kind in _WEIGHTED:
            place = _WEIGHTED[kind]
            biases = inputs[max(place.source, place.weights) + 1 :]
            counted |= constants & {inputs[place.weights], *biases}
            macs += place.macs(shapes[inputs[place.source]], shapes[inputs[place.weights]], shapes[outputs[0]])
    return Costs(sum(prod(shapes[index]) for index in counted), macs)


def _kind(root: Any, operator: Any) -> int:
    code = root.OperatorCodes(operator.OpcodeIndex())
    # Old files have only the deprecated 8-bit code; new ones put 127 there for what it cannot hold.
    return max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
