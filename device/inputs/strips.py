"""Images of any size, in strips of rows of blocks, so that memory is bounded.

image --quantize--> strips of pixels --invoke--> strips of the output tensor
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..errors import BundleError
from ..quantization import Array, TensorInfo, make_input_quantizer
from ..records import from_json
from ..stream import MAX_SIDE

if TYPE_CHECKING:
    from ..runtime import Network

STRIP_PIXELS = 1 << 17  # a whole number of block rows at about this; see benchmarks/photo_encoder.py


@dataclass(frozen=True)
class Strips:
    """How the network sees an image: block by block, of `block` pixels a side; see device/inputs.

    `before` and `after` are how many pixels above (and left of), below (and right of) its blocks the network reads.
    Its output has a position for each block, or a square of positions where it enlarges.
    """

    kind: ClassVar[str] = "strips"
    shape: ClassVar[None] = None
    block: int
    before: int
    after: int
    channels: int

    def __post_init__(self) -> None:
        if min(self.block, self.channels) < 1 or min(self.before, self.after) < 0:
            raise BundleError(f"{self}: block and channels must be positive, the rest not less than 0")

    @property
    def wanted(self) -> str:
        return f"uint8 (height, width, {self.channels}) with sides of 1 to {MAX_SIDE}; convert it or cut it into parts"

    def takes(self, shape: tuple[int, ...]) -> bool:
        return len(shape) == 3 and shape[2] == self.channels and 0 < min(shape[:2]) <= max(shape[:2]) <= MAX_SIDE

    def blocks(self, height: int, width: int) -> tuple[int, int]:
        """Rows and columns of blocks of an image."""
        return -(-height // self.block), -(-width // self.block)

    def pixels(self, blocks: int) -> int:
        """What the network reads for so many blocks side by side."""
        return self.before + blocks * self.block + self.after

    def check(self, tensor: TensorInfo) -> None:
        if len(tensor.shape) != 4 or tensor.shape[3] != self.channels:
            raise BundleError(f"input {tensor.name!r} is {tensor}, expected 4 axes and {self.channels} channels")
        least = self.pixels(1)
        if min(tensor.shape[1:3]) < least:
            raise BundleError(
                f"input {tensor.name!r} is {tensor}, expected sides of {least} or more: room for a block;"
                " export the bundle again"
            )
        make_input_quantizer(tensor)

    def macs(self, macs: int, tensor: TensorInfo, height: int, width: int) -> int:
        """Multiply-accumulates of an image: those of the file for each block of its input, times the blocks."""
        rows, columns = self.blocks(height, width)
        known = [(side - self.before - self.after) // self.block for side in tensor.shape[1:3]]
        return round(macs / (known[0] * known[1]) * rows * columns)

    def open(self, network: Network) -> StripTensors:
        return StripTensors(self, network)


class StripTensors:
    """Strips of one image; the network's tensors take another size when an image has another than the last."""

    def __init__(self, source: Strips, network: Network) -> None:
        self._source, self._network = source, network
        self._is_int8 = network.input.dtype == "int8"
        self._put = make_input_quantizer(network.input)
        self._tensor_blocks = (0, 0)
        self._strips: list[tuple[int, int]] = []  # first row of blocks; how many output rows the strip before has
        self._positions = 1  # of the output, along a side of a block
        self._inputs: list[Array] = []
        self._outputs: list[Array] = []

    def prepare(self, height: int, width: int) -> tuple[int, ...]:
        """Cuts images of this size into strips; returns the shape of their whole output tensor; raises BundleError."""
        source = self._source
        rows, columns = source.blocks(height, width)
        count = -(-rows // max(1, round(STRIP_PIXELS / (columns * source.block**2))))
        taken = -(-rows // count)
        if (taken, columns) != self._tensor_blocks:
            shape = 1, source.pixels(taken), source.pixels(columns), source.channels
            self._tensor_blocks = 0, 0
            self._network.resize(shape)
            made = self._network.output.shape
            self._positions = made[1] // taken
            if made[:3] != (1, taken * self._positions, columns * self._positions) or not self._positions:
                raise BundleError(
                    f"the network makes {made} of {shape}, expected {taken} x {columns} blocks; another runtime may do"
                )
            self._tensor_blocks = taken, columns
            self._inputs = [np.empty(shape, self._network.input.dtype)]
        # All strips are equally high, so that one size of the tensors does: the last begins in the one before.
        tops = [min(index * taken, rows - taken) for index in range(count)]
        self._strips = [(top, (index * taken - top) * self._positions) for index, top in enumerate(tops)]
        del self._inputs[1:]
        return 1, rows * self._positions, columns * self._positions, *self._network.output.shape[3:]

    def run(self, image: Array) -> Iterator[Array]:
        """The strips of the output tensor, from the top; one is in memory at a time."""
        pixels = self._inputs[0]
        for strip in self._strips:
            self._fill(image, strip, pixels)
            yield self._run(pixels)[:, strip[1] :]

    def quantize(self, image: Array) -> None:
        while len(self._inputs) < len(self._strips):
            self._inputs.append(np.empty_like(self._inputs[0]))
        for strip, pixels in zip(self._strips, self._inputs):
            self._fill(image, strip, pixels)

    def invoke(self) -> None:
        self._outputs = [self._run(pixels) for pixels in self._inputs]

    def tensors(self) -> Iterator[Array]:
        return (tensor[:, strip[1] :] for strip, tensor in zip(self._strips, self._outputs))

    def _fill(self, image: Array, strip: tuple[int, int], pixels: Array) -> None:
        source = self._source
        corner = strip[0] * source.block - source.before, -source.before
        if self._is_int8:
            put_pixels(image, corner, pixels[0].view(np.uint8), 0x80)
            return
        part = np.empty(pixels.shape[1:], np.uint8)
        put_pixels(image, corner, part)
        self._put(part, pixels)

    def _run(self, pixels: Array) -> Array:
        self._network.set(pixels)
        self._network.invoke()
        return self._network.get()  # a copy


def parse(value: dict[str, Any], where: str) -> Strips:
    """From a bundle's JSON; raises BundleError naming the place."""
    return from_json(Strips, value, where, BundleError)


def reflected(begin: int, count: int, size: int) -> Array:
    """Which pixels stand at `begin`, `begin + 1`, ... beside an image: intp (count,), 0..size - 1.

    As numpy.pad with "reflect" does, in its newer versions: the edge is not repeated, and an image smaller than what
    lies beside it is reflected again and again.
    """
    period = max(1, 2 * (size - 1))
    places = np.arange(begin, begin + count) % period
    return np.minimum(places, period - places) if size > 1 else np.zeros(count, np.intp)


def put_pixels(image: Array, corner: Sequence[int], out: Array, flip: int = 0) -> None:
    """Writes the part of an image, uint8 (height, width, channels), that begins at `corner`, a row and a column.

    Beyond the image it is reflected. `out` is uint8 (rows, columns, channels): each pixel XOR `flip`; 0x80 makes it
    what an int8 tensor holds.
    """
    (top, left), (height, width, _) = corner, image.shape
    rows, columns, _ = out.shape
    inside = slice(max(0, -left), min(columns, width - left))
    bits = np.uint8(flip)
    if top >= 0 and top + rows <= height:
        source = image[top : top + rows]
    else:
        source = image[reflected(top, rows, height)]
    np.bitwise_xor(source[:, left + inside.start : left + inside.stop], bits, out=out[:, inside])
    for begin, end in ((0, inside.start), (inside.stop, columns)):
        if begin < end:
            out[:, begin:end] = source[:, reflected(left + begin, end - begin, width)] ^ bits
