"""Describes a .tflite file from its bytes: tensors, operations, costs, and which runtimes run it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

from ai_edge_litert import schema_py_generated as schema

from device.errors import SplitliteError
from device.quantization import TensorInfo
from device.runtime import PREFERENCE, available_runtimes, load_runtime, make_interpreter, op_names, tensor_infos
from host.errors import ExportError

_OPERATOR = schema.BuiltinOperator
_UNPACK = (_OPERATOR.DEQUANTIZE, _OPERATOR.DENSIFY)  # float16 and sparse weights pass through one of these


@dataclass(frozen=True)
class Costs:
    """The cost of one image.

    Attributes:
        parameters: weights and biases in the file, each counted once; biases of zeros that the converter added count.
        macs: multiply-accumulates of convolutions and fully connected layers. Padding counts like pixels; biases,
            activations and all other operations do not count: the usual convention.
    """

    parameters: int
    macs: int


@dataclass(frozen=True)
class NetworkFile:
    """What a bundle says about a .tflite file.

    Attributes:
        ops: the operations in their order.
        min_runtime_version: the file's own claim of the oldest TFLite that runs it; None where it makes none.
    """

    input: TensorInfo
    output: TensorInfo
    ops: tuple[str, ...]
    min_runtime_version: str | None
    costs: Costs


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


def describe(model: bytes) -> NetworkFile:
    """Reads a .tflite file; raises ModelLoadError where the runtime refuses it."""
    interpreter = make_interpreter(model)
    operations = tuple(name for name in op_names(interpreter) if name != "DELEGATE")
    return NetworkFile(*tensor_infos(interpreter), operations, min_runtime_version(model), network_costs(model))


def runtimes(model: bytes, label: str) -> dict[str, str]:
    """Runtime -> "runs", "fails: why" or "not tried": min_runtime_version does not tell, so every file is opened.

    Raises:
        ExportError: no runtime at hand runs the file.
    """
    found = dict.fromkeys(PREFERENCE, "not tried: not installed here")
    for name in available_runtimes():
        try:
            make_interpreter(model, runtime=load_runtime(name)).invoke()
            found[name] = "runs"
        except (SplitliteError, RuntimeError, ValueError) as error:
            found[name] = f"fails: {error}"
    if "runs" not in found.values():
        raise ExportError(f"{label}: no runtime at hand runs it ({'; '.join(f'{k} {v}' for k, v in found.items())})")
    return found


def min_runtime_version(model: bytes) -> str | None:
    """The file's own claim of the oldest TFLite that runs it; None where it makes none."""
    root = schema.Model.GetRootAs(model, 0)
    for index in range(root.MetadataLength()):
        entry = root.Metadata(index)
        if entry.Name() == b"min_runtime_version":
            text = bytes(root.Buffers(entry.Buffer()).DataAsNumpy())
            return text.split(b"\0")[0].decode("ascii", "replace").strip() or None
    return None


def network_costs(model: bytes) -> Costs:
    """Counts the weighted operators of a .tflite file's first subgraph."""
    root = schema.Model.GetRootAs(model, 0)
    graph = root.Subgraphs(0)
    tensors = [graph.Tensors(index) for index in range(graph.TensorsLength())]
    # Of a single number the accessor gives 0, which is no shape.
    shapes = [list(map(int, tensor.ShapeAsNumpy())) if tensor.ShapeLength() else [] for tensor in tensors]
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
