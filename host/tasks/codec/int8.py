"""The encoder as the device runs it: int8, its output tensor the latent in steps, one file for every quality.

Training fixed the ranges of the activations already, so conversion only chooses the weights' scales and needs no
images. The output's scale is the step. It is 1 in the converted file; each quality overwrites these four bytes.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import tf_keras as keras
from tensorflow.lite.python import schema_py_generated as schema

from device.inputs.strips import Strips
from device.outputs.context_codes import BlockGrid
from device.runtime import Network, Runtime, make_interpreter
from host.quantization.recipes import DEFAULTS, convert_network
from host.spec.types import RecipeSpec, Spec
from host.tasks.codec.layers import RoundedConv2D
from host.tasks.codec.networks import Codec

_SCALE_FIELD = 8  # of `scale` in the vtable of QuantizationParameters, tensorflow/compiler/mlir/lite/schema/schema.fbs


def convert_encoder(codec: Codec, rows: int, columns: int, recipe: RecipeSpec = DEFAULTS["int8"]) -> bytes:
    """The int8 encoder for a piece of rows x columns blocks and its halo; convolutions alone, so it can be resized.

    Input: int8, scale 1/255, zero point -128: the pixel XOR 0x80. Output: int8 (1, rows, columns, channels), scale 1,
    zero point 0, as `BlockGrid.codes` reads it.
    """
    # Layers without names are numbered, and the numbers are in the file: they begin anew, and its digest is the same.
    keras.backend.clear_session()
    grid = codec.spec.options.grid
    shape = [grid.before + count * grid.block + grid.after for count in (rows, columns)]
    image = keras.Input((*shape, 3), batch_size=1, name="image")
    # Every other range is fixed in the graph; this one gives the input its scale.
    ramp = np.linspace(0, 1, int(np.prod(shape)) * 3, dtype=np.float32).reshape(*shape, 3)
    network = keras.Model(image, in_halves(codec)(image))
    return convert_network(network, recipe, ramp[None], output=(-128.0, 127.0))


def block_grid(spec: Spec, channels: int, quality: int) -> BlockGrid:
    """The device's word for the spec's latent at a quality; its step is float32, as the .tflite file holds it."""
    grid, step = spec.options.grid, float(np.float32(spec.options.steps[quality]))
    return BlockGrid(grid.block, grid.before, grid.after, channels, grid.plain, 2 if grid.dead_zone else 1, step)


def with_step(model: bytes, step: float) -> bytes:
    """The same file with another step: four bytes of it."""
    offset = step_offset(model)
    return model[:offset] + struct.pack("<f", step) + model[offset + 4 :]


def step_offset(model: bytes) -> int:
    """Where in the file the output tensor's scale stands, a little-endian float32."""
    graph = schema.Model.GetRootAsModel(model, 0).Subgraphs(0)
    table = graph.Tensors(graph.Outputs(0)).Quantization()._tab
    return int(table.Vector(table.Offset(_SCALE_FIELD)))


class Int8Encoder:
    """A converted encoder at every quality: uint8 pixels -> int8 codes, as the device makes them."""

    def __init__(self, model: bytes, spec: Spec, runtime: Runtime | None = None) -> None:
        grid = spec.options.grid
        opened = [
            [Network(make_interpreter(with_step(model, step), runtime=runtime)) for step in spec.options.steps]
            for _ in range(2)
        ]
        self._pieces = opened[0]
        self._images = [Strips(grid.block, grid.before, grid.after, 3).open(network) for network in opened[1]]
        self._grids = [block_grid(spec, piece.output.shape[-1], quality) for quality, piece in enumerate(opened[0])]

    def codes(self, piece: np.ndarray, quality: int) -> np.ndarray:
        """uint8 (height, width, 3) of the converted size, halo included -> int8 (rows, columns, channels)."""
        network = self._pieces[quality]
        network.set((piece[None] ^ np.uint8(0x80)).view(np.int8))
        network.invoke()
        return self._grids[quality].codes(network.get()[0])

    def image_codes(self, image: np.ndarray, quality: int) -> np.ndarray:
        """The codes of a whole image of any size, uint8 (height, width, 3)."""
        tensors = self._images[quality]
        tensors.prepare(*image.shape[:2])
        return np.concatenate([self._grids[quality].codes(tensor[0]) for tensor in tensors.run(image)])


def _plain(layer: Any) -> Any:
    """The converter rounds kernels itself."""
    kind = keras.layers.Conv2D if isinstance(layer, RoundedConv2D) else type(layer)
    return kind.from_config(layer.get_config())


def in_halves(codec: Codec) -> keras.Model:
    """A copy of the encoder whose channels with a dead zone come out in halves of the step."""
    encoder = keras.models.clone_model(codec.encoder, clone_function=_plain)
    encoder.set_weights(codec.encoder.get_weights())
    layer = encoder.layers[-1]
    grid = codec.spec.options.grid
    unit = np.where(np.arange(codec.channels) < grid.plain, 1, 2 if grid.dead_zone else 1)
    layer.set_weights([weight * unit for weight in layer.get_weights()])
    return encoder
