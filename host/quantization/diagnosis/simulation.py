"""Quantization of some layers and not of others, computed in float32.

An operation of the quantized file stands as its float32 counterpart whose weights are the rounded ones and whose inputs
and outputs are rounded to the tensors' scales, as fake quantization does. So any set of layers can be quantized alone,
whatever made the file: calibration, quantization-aware training, or another converter. TensorFlow's
QuantizationDebugger compares a layer with the same inputs too, but only in files that it converts and calibrates itself
by TensorFlow's converter, and it does not tell what a layer's error does to the network's output.
"""

from __future__ import annotations

from collections.abc import Mapping

from host.quantization.diagnosis.editing import Editor, replaced
from host.quantization.diagnosis.graph import ABSENT, Graph, Operation, matched

FLOAT32, INT16 = "float32", "int16"


class Simulation:
    """A network as float32, and as quantized, operation beside operation."""

    def __init__(self, float32: Graph, quantized: Graph) -> None:
        """Raises DiagnosisError where the files differ in their operations."""
        self.float32, self.quantized = float32, quantized
        self.pairs = tuple(zip(float32.operations, matched(float32, quantized), strict=True))
        self.layers = float32.layers()

    def outputs(self) -> dict[str, tuple[int, int]]:
        """Layer -> the tensor that it ends with, in either file."""
        return {ours.layer: (ours.outputs[0], theirs.outputs[0]) for ours, theirs in self.pairs}

    def kinds(self, layer: str) -> set[str]:
        """The operations that compute a layer."""
        return {ours.kind for ours, _ in self.pairs if ours.layer == layer}

    def readers(self, layer: str) -> tuple[str, ...]:
        """The layers that read what a layer makes, through others that only move it too."""
        made = {tensor for ours, _ in self.pairs if ours.layer == layer for tensor in ours.outputs}
        found: dict[str, None] = {}
        for ours, _ in self.pairs:
            if ours.layer != layer and made & set(ours.inputs):
                found[ours.layer] = None
                made |= set(ours.outputs) if ours.moving else set()
        return tuple(found)

    def network(self, kept: Mapping[str, str]) -> bytes:
        """The network with some layers kept from int8. Its input and output are rounded as in the quantized file.

        Args:
            kept: layer -> FLOAT32, which rounds nothing, or INT16, which rounds the weights: the steps of 16-bit
                activations are too fine to count.
        """
        graph, editor = self.float32, Editor(self.float32)
        source, output = editor.same(graph.source), editor.same(graph.output)  # the one rounded, the other not yet
        others = {graph.output: output}
        if grid := self.quantized.grid(self.quantized.source):
            others[graph.source] = source
            editor.round(graph.source, grid, source)
        for ours, theirs in self.pairs:
            how = kept.get(ours.layer)
            inputs = self._weights(editor, ours, theirs, others) if how != FLOAT32 else replaced(ours.inputs, others)
            if how is None:
                inputs = self._activations(editor, inputs, theirs)
            self._add(editor, ours, theirs, inputs, others, rounded=how is None)
        if grid := self.quantized.grid(self.quantized.output):
            editor.round(output, grid, graph.output)
            output = graph.output
        return editor.finish([output])

    def only(self, layer: str) -> bytes:
        """The network with one layer's weights and output rounded; the network's output is not."""
        editor = Editor(self.float32)
        output = editor.same(self.float32.output)
        others = {self.float32.output: output}
        for ours, theirs in self.pairs:
            chosen = ours.layer == layer
            inputs = replaced(ours.inputs, others)
            if chosen:
                inputs = self._activations(editor, self._weights(editor, ours, theirs, others), theirs, retyped=True)
            self._add(editor, ours, theirs, inputs, others, rounded=chosen and not ours.moving)
        return editor.finish([output])

    def alone(self) -> tuple[bytes, tuple[str, ...]]:
        """Each layer quantized beside its exact self, with the same exact inputs.

        Returns:
            A file with two outputs for each layer, the exact one first; the layers in this order.
        """
        editor = Editor(self.float32)
        ends = self.outputs()
        rounded: dict[str, dict[int, int]] = {layer: {} for layer in self.layers}
        for ours, theirs in self.pairs:
            editor.add(ours, ours.inputs, ours.outputs)
            own = rounded[ours.layer]
            made = [editor.same(tensor) for tensor in ours.outputs]
            inputs = self._activations(editor, self._weights(editor, ours, theirs, own), theirs, retyped=True)
            editor.add(ours, inputs, made)
            for tensor, before, other in zip(ours.outputs, made, theirs.outputs, strict=True):
                grid = None if ours.moving else self.quantized.grid(other)
                own[tensor] = editor.same(tensor) if grid else before
                if grid:
                    editor.round(before, grid, own[tensor])
        tensors = [tensor for layer in self.layers for tensor in (ends[layer][0], rounded[layer][ends[layer][0]])]
        return editor.finish(tensors), self.layers

    def weight_bytes(self, layer: str) -> tuple[int, int]:
        """What a layer's constants take, in the float32 file and in the quantized one."""
        sizes = [0, 0]
        for ours, theirs in self.pairs:
            if ours.layer == layer:
                for place, (graph, operation) in enumerate(((self.float32, ours), (self.quantized, theirs))):
                    found = (graph.constant(tensor) for tensor in operation.inputs)
                    sizes[place] += sum(each.nbytes for each in found if each is not None)
        return sizes[0], sizes[1]

    def _weights(self, editor: Editor, ours: Operation, theirs: Operation, others: Mapping[int, int]) -> list[int]:
        """The operation's inputs, `others` where they have another tensor, with the weights as they were rounded."""
        inputs = replaced(ours.inputs, others)
        for place, (tensor, other) in enumerate(zip(ours.inputs, theirs.inputs, strict=True)):
            values = self.quantized.real_constant(other)
            if values is not None:
                inputs[place] = editor.constant(tensor, values)
        return inputs

    def _activations(self, editor: Editor, inputs: list[int], theirs: Operation, *, retyped: bool = False) -> list[int]:
        """The inputs, rounded as the quantized file's operation has them.

        Args:
            retyped: only those that the file rounds for this operation, not those that the layer before makes so.
        """
        made = list(inputs)
        for place, other in enumerate(theirs.inputs):
            if other == ABSENT or self.quantized.constant(other) is not None:
                continue
            grid = self.quantized.grid(other)
            if grid and (other in self.quantized.retyped or not retyped):
                made[place] = editor.same(inputs[place])
                editor.round(inputs[place], grid, made[place])
        return made

    def _add(
        self,
        editor: Editor,
        ours: Operation,
        theirs: Operation,
        inputs: list[int],
        others: Mapping[int, int],
        *,
        rounded: bool,
    ) -> None:
        """Adds the operation, its outputs rounded or not; the network's output never is."""
        grids = {a: self.quantized.grid(b) for a, b in zip(ours.outputs, theirs.outputs, strict=True)}
        chosen = {tensor: grid for tensor, grid in grids.items() if grid and rounded and tensor not in others}
        exact = {tensor: editor.same(tensor) for tensor in chosen}
        editor.add(ours, inputs, replaced(ours.outputs, {**others, **exact}))
        for tensor, grid in chosen.items():
            editor.round(exact[tensor], grid, tensor)
