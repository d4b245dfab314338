"""A .tflite file as operations, each with the Keras layer that it came from; and two such files side by side.

The converter names a tensor after all that was merged into the operation that makes it, the last layer first:
"model/relu/Relu6;model/norm/FusedBatchNormV3;model/conv/Conv2D". Layers of a quantization-aware network have the prefix
"quant_", and the network's output is called after nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.lite.tools import flatbuffer_utils

from host.errors import DiagnosisError
from host.quantization.diagnosis.pair import KerasLayer, original_name, real

_TYPES = {
    schema.TensorType.FLOAT32: "float32",
    schema.TensorType.INT32: "int32",
    schema.TensorType.INT64: "int64",
    schema.TensorType.INT16: "int16",
    schema.TensorType.INT8: "int8",
    schema.TensorType.UINT8: "uint8",
}
_NAMES = {code: name for name, code in vars(schema.BuiltinOperator).items() if not name.startswith("_")}
_WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED")
_RETYPING = ("QUANTIZE", "DEQUANTIZE")
_MOVING = (  # values only change their places
    *("BATCH_TO_SPACE_ND", "DEPTH_TO_SPACE", "EXPAND_DIMS", "PAD", "RESHAPE", "SLICE", "SPACE_TO_BATCH_ND"),
    *("SPACE_TO_DEPTH", "SQUEEZE", "STRIDED_SLICE", "TRANSPOSE"),
)
ABSENT = -1  # an optional input that is not there


@dataclass(frozen=True)
class Grid:
    """How a tensor's integers stand for numbers: `scale` and `zero_point` have one entry, or one for each channel."""

    dtype: str
    scale: tuple[float, ...]
    zero_point: tuple[int, ...]
    axis: int = 0


@dataclass(frozen=True)
class Operation:
    """One operation of a file.

    Attributes:
        kind: such as "CONV_2D".
        layer: the Keras layer that it computes; of several merged ones that with the weights.
        inputs, outputs: the tensors' indices; ABSENT for an input that is not there.
        moving: it computes nothing, so it adds no error to that of its input.
    """

    kind: str
    layer: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    raw: Any

    @property
    def moving(self) -> bool:
        return self.kind in _MOVING


class Graph:
    """A .tflite file of one subgraph, opened.

    Attributes:
        model, graph: the file's objects; not to be changed.
        operations: in their order, without those that only change numbers' types.
        retyped: tensors that those make.
    """

    def __init__(self, content: bytes, layers: Sequence[KerasLayer]) -> None:
        self.model = flatbuffer_utils.convert_bytearray_to_object(bytearray(content))
        self.graph = self.model.subgraphs[0]
        self.source, self.output = int(self.graph.inputs[0]), int(self.graph.outputs[0])
        self._layers = {layer.name: layer for layer in layers}
        self._made_by: dict[int, str] = {}  # tensor -> layer
        self.retyped: set[int] = set()
        found = []
        for raw in self.graph.operators:
            kind = self._kind(raw)
            inputs, outputs = (tuple(map(int, ends)) for ends in (raw.inputs, raw.outputs))
            layer = self._made_by.get(inputs[0], "") if kind in _RETYPING else self._layer(kind, inputs, outputs)
            self._made_by |= dict.fromkeys(outputs, layer)
            if kind in _RETYPING:
                self.retyped |= set(outputs)
            else:
                found.append(Operation(kind, layer, inputs, outputs, raw))
        self.operations: tuple[Operation, ...] = tuple(found)

    def layers(self) -> tuple[str, ...]:
        """Those that are operations, in the order of the file."""
        return tuple(dict.fromkeys(operation.layer for operation in self.operations))

    def constant(self, tensor: int) -> np.ndarray | None:
        """A tensor's content as it is stored; None where it is computed, or of a type that is not read here."""
        if tensor == ABSENT:
            return None
        entry = self.graph.tensors[tensor]
        data = self.model.buffers[entry.buffer].data
        if data is None or not len(data) or entry.type not in _TYPES:
            return None
        shape = [] if entry.shape is None else list(entry.shape)
        return np.frombuffer(bytes(data), _TYPES[entry.type]).reshape(shape)

    def grid(self, tensor: int) -> Grid | None:
        """None where the tensor's numbers are floats, or integers that stand for themselves."""
        entry = self.graph.tensors[tensor]
        quantization = entry.quantization
        scale = None if quantization is None else quantization.scale
        if scale is None or not len(scale) or _TYPES.get(entry.type, "float32") == "float32":
            return None
        zeros = quantization.zeroPoint if quantization.zeroPoint is not None else [0]
        axis = int(quantization.quantizedDimension)
        return Grid(_TYPES[entry.type], tuple(map(float, scale)), tuple(map(int, zeros)), axis)

    def real_constant(self, tensor: int) -> np.ndarray | None:
        """A quantized constant as the numbers that it stands for; None for every other tensor."""
        grid, content = (None, None) if tensor == ABSENT else (self.grid(tensor), self.constant(tensor))
        return None if grid is None or content is None else real(content, grid.scale, grid.zero_point, grid.axis)

    def _kind(self, raw: Any) -> str:
        code = self.model.operatorCodes[raw.opcodeIndex]
        return _NAMES[max(code.builtinCode, code.deprecatedBuiltinCode)]

    def _layer(self, kind: str, inputs: Sequence[int], outputs: Sequence[int]) -> str:
        constants = [tensor for tensor in inputs if self.constant(tensor) is not None]
        for tensor in (*outputs, *constants):
            name = self._named(self.graph.tensors[tensor].name.decode())
            if name is not None:
                return self._with_weights(name) if kind in _WEIGHTED else name
        if self.output in outputs and self._layers:
            return next(reversed(self._layers))
        return self._made_by.get(inputs[0], "") if inputs else ""

    def _named(self, tensor_name: str) -> str | None:
        for part in tensor_name.split(";"):
            for component in part.split("/"):
                for name in (component, original_name(component)):
                    if name in self._layers:
                        return name
        return None

    def _with_weights(self, name: str) -> str:
        """The layer itself, or the next one before it that has weights."""
        layer = self._layers[name]
        while not layer.weighted:
            if len(layer.inputs) != 1 or layer.inputs[0] not in self._layers:
                return name
            layer = self._layers[layer.inputs[0]]
        return layer.name


def matched(float32: Graph, quantized: Graph) -> list[Operation]:
    """For each operation of the one file the same operation of the other; they may stand in another order.

    Raises:
        DiagnosisError: the networks differ in their operations.
    """
    there = dict(zip(_keys(quantized.operations), quantized.operations, strict=True))
    wanted = _keys(float32.operations)
    different = sorted(set(wanted) ^ set(there))
    if different:
        kind, layer, _ = different[0]
        raise DiagnosisError(
            f"layer {layer or '(unnamed)'}: {kind} is in only one of the two files, so layers cannot be compared; "
            f"{len(float32.operations)} operations in float32, {len(quantized.operations)} in the quantized file"
        )
    return [there[key] for key in wanted]


def _keys(operations: Iterable[Operation]) -> list[tuple[str, str, int]]:
    seen: Counter[tuple[str, str]] = Counter()
    keys = []
    for operation in operations:
        place = operation.kind, operation.layer
        keys.append((*place, seen[place]))
        seen[place] += 1
    return keys
