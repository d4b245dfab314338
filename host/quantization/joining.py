"""Joins an int8 encoder and an int8 decoder into one .tflite that computes exactly what the two halves compute.

Converting both halves in one graph with a fixed latent range does not work: the converter quantizes the biases of the
layers that read the latent with the range that it calibrated, not with the grid's (TensorFlow 2.21), and the image is
wrong. The two halves agree on the tensor between them, so their graphs can be put end to end.
"""

from __future__ import annotations

from typing import Any

from tensorflow.lite.tools import flatbuffer_utils


def join(encoder: bytes, decoder: bytes) -> bytes:
    """One model: image -> encoder -> latent -> decoder -> image.

    Args:
        encoder, decoder: .tflite files of one subgraph each, the first's output equal to the second's input in shape,
            type, scale and zero point, which check_decoder of tasks/compression/packaging.py sees to.
    """
    first, second = (flatbuffer_utils.convert_bytearray_to_object(bytearray(half)) for half in (encoder, decoder))
    head, tail = first.subgraphs[0], second.subgraphs[0]
    tensors, buffers, codes = len(head.tensors), len(first.buffers), len(first.operatorCodes)
    latent = int(head.outputs[0])
    source = int(tail.inputs[0])

    def moved(indices: Any) -> list[int]:
        # -1 is an optional input that is not there.
        return [latent if i == source else i + tensors if i >= 0 else i for i in map(int, indices)]

    for tensor in tail.tensors:
        tensor.buffer += buffers
    for operator in tail.operators:
        operator.opcodeIndex += codes
        operator.inputs, operator.outputs = moved(operator.inputs), moved(operator.outputs)
        if operator.intermediates is not None:
            operator.intermediates = moved(operator.intermediates)
    first.buffers += second.buffers
    first.operatorCodes += second.operatorCodes
    head.tensors += tail.tensors
    head.operators += tail.operators
    head.outputs = moved(tail.outputs)
    first.signatureDefs = []  # they name the encoder's output
    return bytes(flatbuffer_utils.convert_object_to_bytearray(first))
