"""A copy of a .tflite file to which tensors and operations are added. What was there before is shared, not changed."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.lite.tools import flatbuffer_utils

from host.quantization.diagnosis.graph import Graph, Grid, Operation

_INTEGERS = {"int8": schema.TensorType.INT8, "int16": schema.TensorType.INT16, "uint8": schema.TensorType.UINT8}


class Editor:
    """Builds a float32 file from the operations of another."""

    def __init__(self, graph: Graph) -> None:
        self._model = copy.copy(graph.model)
        self._graph = copy.copy(graph.graph)
        self._graph.tensors, self._graph.operators = list(graph.graph.tensors), []
        self._model.subgraphs, self._model.signatureDefs = [self._graph], []
        self._model.buffers, self._model.operatorCodes = list(graph.model.buffers), list(graph.model.operatorCodes)
        self._codes: dict[int, int] = {}

    def constant(self, like: int, values: np.ndarray) -> int:
        """A tensor of the same shape as another, with these values in float32."""
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(values.astype("<f4").tobytes(), np.uint8)
        self._model.buffers.append(buffer)
        return self._tensor(like, schema.TensorType.FLOAT32, None, len(self._model.buffers) - 1)

    def same(self, tensor: int) -> int:
        """A further float32 tensor of the same shape."""
        return self._tensor(tensor, schema.TensorType.FLOAT32, None, 0)

    def add(self, operation: Operation, inputs: Sequence[int], outputs: Sequence[int]) -> None:
        """The operation once more, with other tensors."""
        self._add(operation.raw, inputs, outputs)

    def round(self, tensor: int, grid: Grid, into: int) -> None:
        """Rounds a tensor to a quantized tensor's grid and clips it to its ends: QUANTIZE, then DEQUANTIZE."""
        quantization = schema.QuantizationParametersT()
        quantization.scale, quantization.zeroPoint = np.asarray(grid.scale, np.float32), np.asarray(grid.zero_point)
        between = self._tensor(tensor, _INTEGERS[grid.dtype], quantization, 0)
        for kind, name, source, made in (
            (schema.BuiltinOperator.QUANTIZE, "Quantize", tensor, between),
            (schema.BuiltinOperator.DEQUANTIZE, "Dequantize", between, into),
        ):
            operator = schema.OperatorT()
            operator.opcodeIndex = self._code(kind)
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, f"{name}Options")
            operator.builtinOptions = getattr(schema, f"{name}OptionsT")()
            self._add(operator, [source], [made])

    def finish(self, outputs: Sequence[int]) -> bytes:
        """The file, with these tensors as its outputs."""
        self._graph.outputs = list(outputs)
        return bytes(flatbuffer_utils.convert_object_to_bytearray(self._model))

    def _add(self, like: Any, inputs: Sequence[int], outputs: Sequence[int]) -> None:
        operator = copy.copy(like)
        operator.inputs, operator.outputs = list(inputs), list(outputs)
        self._graph.operators.append(operator)

    def _tensor(self, like: int, kind: int, quantization: Any, buffer: int) -> int:
        tensor = copy.copy(self._graph.tensors[like])
        tensor.type, tensor.quantization, tensor.buffer = kind, quantization, buffer
        tensor.name = f"added{len(self._graph.tensors)}".encode()
        self._graph.tensors.append(tensor)
        return len(self._graph.tensors) - 1

    def _code(self, kind: int) -> int:
        if kind not in self._codes:
            code = schema.OperatorCodeT()
            code.builtinCode = code.deprecatedBuiltinCode = kind
            code.version = 2 if kind == schema.BuiltinOperator.DEQUANTIZE else 1
            self._model.operatorCodes.append(code)
            self._codes[kind] = len(self._model.operatorCodes) - 1
        return self._codes[kind]


def with_outputs(graph: Graph, tensors: Sequence[int]) -> bytes:
    """The file as it is, but with these tensors as its outputs, so that a delegate cannot hide them."""
    model, subgraph = copy.copy(graph.model), copy.copy(graph.graph)
    subgraph.outputs = list(tensors)
    model.subgraphs, model.signatureDefs = [subgraph], []
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def replaced(inputs: Sequence[int], others: Mapping[int, int]) -> list[int]:
    """Indices, some of them exchanged for others."""
    return [others.get(tensor, tensor) for tensor in inputs]
