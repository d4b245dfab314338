"""AI Edge Quantizer: takes the float32 .tflite file of a network and quantizes it operation by operation.

`mixed` computes in int8, but keeps the layers that a recipe names in int16 (with 8-bit weights) or float32; where
patterns name too many, a later one takes some back to int8. QUANTIZE and DEQUANTIZE stand between two types. Both ends
are int8. The two conversions with 4-bit weights have float32 ends.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from device.errors import one_line
from device.quantization import same_grid
from device.runtime import make_interpreter, tensor_infos
from host.errors import ExportError
from host.networks.layer_names import NamedLayer, kept_type, named_layers
from host.quantization.tensorflow_converter import tensorflow_converter
from host.quiet import quiet

if TYPE_CHECKING:
    from host.quantization.recipes import Job

# Their output has the scale of their input, whatever range calibration finds for it.
_PASS_ON = (
    *("AVERAGE_POOL_2D", "MAX_POOL_2D", "MIRROR_PAD", "PAD", "RESHAPE", "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"),
    *("SLICE", "STRIDED_SLICE", "TRANSPOSE"),
)
_ANY, _EVERY = ".*", "."  # two expressions for any name: the quantizer keeps one rule for each expression
_MANTISSA = 4096


def quantize_statically(job: Job) -> bytes:
    """Weights and activations in int8, but for the layers that are kept in another type."""
    return _quantize(job, lambda rules, operation: rules.add_static_config(_ANY, operation, 8, 8))


def quantize_dynamically(job: Job) -> bytes:
    """Weights in int4, or int8 where an operation has no such kernel; the runtime quantizes the activations."""

    def add(rules: Any, operation: Any) -> None:
        rules.add_dynamic_config(_ANY, operation, 8)
        rules.add_dynamic_config(_EVERY, operation, 4)

    return _quantize(job, add)


def quantize_weights(job: Job) -> bytes:
    """Weights in int4, or int8 where an operation has no such kernel; the runtime computes in float32."""

    def add(rules: Any, operation: Any) -> None:
        rules.add_weight_only_config(_ANY, operation, 8)
        rules.add_weight_only_config(_EVERY, operation, 4)

    return _quantize(job, add)


def _quantize(job: Job, add_rules: Callable[[Any, Any], None]) -> bytes:
    plain = replace(job.conversion, weights="float32", activations="float32")
    content = tensorflow_converter(replace(job, conversion=plain, samples=None))
    try:
        with quiet():
            data = _quantized(job, content, add_rules)
    except ExportError:
        raise
    except Exception as error:  # what the quantizer raises is of no one type, and may be empty
        raise ExportError(one_line(error) or "AI Edge Quantizer does not say why") from error
    if job.samples is not None:
        _check_ends(job, data)
    return data


def _quantized(job: Job, content: bytes, add_rules: Callable[[Any, Any], None]) -> bytes:
    from ai_edge_quantizer.qtyping import TFLOperationName
    from ai_edge_quantizer.quantizer import Quantizer
    from ai_edge_quantizer.recipe_manager import RecipeManager

    graph, rules = _read(content), RecipeManager()
    add_rules(rules, TFLOperationName.ALL_SUPPORTED)
    _keep_layers(job, graph, rules)
    ranges = None if job.samples is None else _ranges(job, graph, rules)
    quantizer = Quantizer(bytearray(content), rules.get_quantization_recipe())
    made = quantizer.quantize(ranges, enable_progress_bar=False, enable_progress_report=False)
    return bytes(made.quantized_model)


@dataclass(frozen=True)
class _Operation:
    """Attributes:
    name: the quantizer's, None for an operation that it does not know.
    scope: what the quantizer's rules are matched against.
    inputs, outputs: names of tensors.
    """

    name: Any
    scope: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class _Graph:
    """A float32 .tflite file: its operations in their order, and the names and ranks of the tensors at its ends."""

    content: bytes
    operations: tuple[_Operation, ...]
    ranks: Mapping[str, int]
    source: str
    output: str

    def layers(self, operation: _Operation, known: Sequence[NamedLayer]) -> list[NamedLayer]:
        """The layers that an operation computes.

        A tensor's name lists what was fused: model/encoder/bn1/FusedBatchNormV3;model/encoder/conv1/Conv2D. The file's
        output has another name: there the constants tell, and that the network ends in its last layer.
        """
        if self.output not in operation.outputs:
            return _named(operation.outputs, known)
        made = {name for each in self.operations for name in each.outputs}
        constants = [name for name in operation.inputs if name not in made and name != self.source]
        return [*_named(constants, known), known[-1]]

    def output_tensors(self) -> list[str]:
        """The output, and the tensors whose range is the output's, since operations pass it on."""
        found = [self.output]
        for operation in reversed(self.operations):
            if found[-1] in operation.outputs and operation.name in _PASS_ON:
                found.append(next(name for name in operation.inputs if name in self.ranks))
        return found


def _read(content: bytes) -> _Graph:
    from ai_edge_litert.schema_py_generated import BuiltinOperator
    from ai_edge_quantizer.utils import tfl_flatbuffer_utils as files

    model = files.read_model(bytearray(content))
    graph = model.subgraphs[0]
    names = [str(files.get_tensor_name(tensor)) for tensor in graph.tensors]
    operations = []
    for each in graph.operators:
        code = model.operatorCodes[each.opcodeIndex].builtinCode
        if code in (BuiltinOperator.QUANTIZE, BuiltinOperator.FAKE_QUANT):
            raise ExportError("AI Edge Quantizer takes no weights with fake quantization; name a stage without")
        inputs, outputs = (tuple(names[i] for i in ends if i >= 0) for ends in (each.inputs, each.outputs))
        name = files.TFL_OP_CODE_TO_NAME.get(code)
        operations.append(_Operation(name, files.get_op_scope(each, graph.tensors), inputs, outputs))
    constant = {i for i, tensor in enumerate(graph.tensors) if model.buffers[tensor.buffer].data is not None}
    ranks = {name: len(graph.tensors[i].shape) for i, name in enumerate(names) if i not in constant}
    return _Graph(content, tuple(operations), ranks, names[graph.inputs[0]], names[graph.outputs[0]])


def _named(tensors: Iterable[str], known: Iterable[NamedLayer]) -> list[NamedLayer]:
    parts = [part for name in tensors for part in name.split(";")]
    return [layer for layer in known if any(part.startswith(f"{layer.path}/") for part in parts)]


def _keep_layers(job: Job, graph: _Graph, rules: Any) -> None:
    """Adds rules for the layers that the recipe keeps in another type; raises ExportError where there is no kernel."""
    known = list(named_layers(job.network))
    for operation in graph.operations:
        layers = graph.layers(operation, known)
        kept = kept_type(layers, job.layers)
        if kept in (None, "int8") or operation.name is None:  # what the quantizer does not know stays float32
            continue
        # For this operation alone: a rule for any would also hold for the end of the graph, which has the same name.
        scope = f"^{re.escape(operation.scope)}$"
        if kept == "float32":
            rules.add_quantization_config(scope, operation.name, algorithm_key="no_quantize")
            continue
        try:
            rules.add_static_config(scope, operation.name, 16, 8)
        except ValueError as error:
            names = ", ".join(layer.name for layer in layers)
            raise ExportError(f"layer {names}: no {kept} for {operation.name.value}; keep it in float32") from error


def _ranges(job: Job, graph: _Graph, rules: Any) -> dict[str, Any]:
    """The range of every tensor: the smallest and the largest value that the samples give, and those of the two ends.

    The quantizer's own default is a moving average over the samples, which cuts off the largest values: encoders of
    autoencoders lose 2 dB by it.
    """
    from ai_edge_quantizer.calibrator import Calibrator
    from ai_edge_quantizer.utils.qsv_utils import min_max_update

    calibrator = Calibrator(graph.content, num_threads=1, qsv_update_func=min_max_update)
    ((key, signature),) = calibrator.get_signature_list().items()
    (source,) = signature["inputs"]
    assert job.samples is not None
    calibrator.calibrate({key: [{source: sample[None]} for sample in job.samples]}, rules)
    found = {
        name: {end: _rounded(value) for end, value in ends.items()}
        for name, ends in calibrator.get_model_qsvs().items()
    }
    fixed = {graph.source: job.source}
    if job.output is not None:
        fixed |= dict.fromkeys(graph.output_tensors(), job.output)
    for name, ends in fixed.items():
        shape = (1,) * graph.ranks[name]
        found[name] = {end: np.full(shape, value, np.float32) for end, value in zip(("min", "max"), ends, strict=True)}
    return found


def _rounded(values: np.ndarray) -> np.ndarray:
    """To 12 bits: processors differ in the last bits of a float32 sum, and a model has the same bytes on each."""
    mantissas, exponents = np.frexp(values)
    return np.ldexp(np.rint(mantissas * _MANTISSA) / _MANTISSA, exponents).astype(np.float32)


def _check_ends(job: Job, data: bytes) -> None:
    """Raises ExportError where an end is not int8 on the range that it shall span."""
    for info, ends in zip(tensor_infos(make_interpreter(data)), (job.source, job.output), strict=True):
        if info.dtype != "int8":
            raise ExportError(f"{info.name}: {info.dtype}, expected int8")
        if ends is not None:
            scale = (ends[1] - ends[0]) / 255
            zero_point = round(-128 - ends[0] / scale)
            if not same_grid(info.scale, info.zero_point, scale, zero_point):
                raise ExportError(f"{info}: expected scale {scale:.9g} zero point {zero_point}; end in another layer")
