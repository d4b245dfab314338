"""Files with added operations run, and round as a quantized tensor does."""

from __future__ import annotations

import numpy as np

from device.runtime import make_interpreter
from host.quantization.diagnosis.editing import Editor, replaced, with_outputs
from host.quantization.diagnosis.graph import Graph, Grid
from host.quantization.diagnosis.pair import NetworkPair


def run(content: bytes, values: np.ndarray) -> list[np.ndarray]:
    interpreter = make_interpreter(content)
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], values[None])
    interpreter.invoke()
    return [interpreter.get_tensor(entry["index"]) for entry in interpreter.get_output_details()]


def test_rounding_is_that_of_the_grid_with_its_ends(good: NetworkPair) -> None:
    graph = Graph(good.float32, good.layers)
    for grid in (Grid("int8", (1 / 64,), (-100,)), Grid("int16", (1 / 512,), (0,))):
        editor = Editor(graph)
        made = editor.same(graph.source)
        editor.round(graph.source, grid, made)
        values = np.linspace(-1, 5, 8 * 8 * 3, dtype=np.float32).reshape(8, 8, 3)
        (found,) = run(editor.finish([made]), values)
        limits = np.iinfo(grid.dtype)
        steps = np.clip(np.rint(values / np.float32(grid.scale[0])) + grid.zero_point[0], limits.min, limits.max)
        assert np.abs(found[0] - (steps - grid.zero_point[0]) * grid.scale[0]).max() < 1e-5


def test_an_operation_takes_other_weights_and_the_file_itself_stays(good: NetworkPair) -> None:
    graph = Graph(good.float32, good.layers)
    tensors, operators = len(graph.graph.tensors), len(graph.graph.operators)
    (first,) = (operation for operation in graph.operations if operation.layer == "first")
    editor = Editor(graph)
    kernel = graph.constant(first.inputs[1])
    assert kernel is not None
    made = [editor.same(first.outputs[0]) for _ in range(2)]
    zeros = editor.constant(first.inputs[1], 0 * kernel)
    editor.add(first, replaced(first.inputs, {first.inputs[1]: zeros}), made[:1])
    editor.add(first, first.inputs, made[1:])
    zero, other = run(editor.finish(made), good.inputs[1])
    assert np.ptp(zero[0].reshape(-1, 6), axis=0).max() == 0 and np.ptp(other) > 0  # only the bias is left
    assert (len(graph.graph.tensors), len(graph.graph.operators)) == (tensors, operators)


def test_any_tensor_can_be_an_output(good: NetworkPair) -> None:
    graph = Graph(good.quantized, good.layers)
    tensors = [operation.outputs[0] for operation in graph.operations]
    values = (good.inputs[1] * 255 - 128).round().astype(np.int8)
    found = run(with_outputs(graph, tensors), values)
    assert [tuple(each.shape) for each in found] == [tuple(graph.graph.tensors[tensor].shape) for tensor in tensors]
    assert np.array_equal(found[-1], run(good.quantized, values)[0])
