"""Codes of an image of any size, each coded with a table that codes before it choose."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ...errors import BundleError
from ...quantization import Array, TensorInfo, same_grid
from ...records import from_json
from .. import ReadFile, TablesFile, native
from .coder import CODER_ID, ContextCoder
from .tables import ContextTables, parse_context_tables


@dataclass(frozen=True)
class BlockGrid:
    """Shape and meaning of the codes of one quality: int8 (rows, columns, channels), C order.

    Attributes:
        block: side of a block in pixels.
        before, after: how many pixels above (and left of), below (and right of) its blocks the encoder reads.
        channels: codes of a block.
        plain: the first channels, whose codes are what the encoder's tensor holds.
        parts: into how many it divides the step in the others: 1, or 2, and then these are halved towards zero.
        step: latent units per code.
    """

    block: int
    before: int
    after: int
    channels: int
    plain: int
    parts: int
    step: float

    def __post_init__(self) -> None:
        if min(self.block, self.channels) < 1 or min(self.before, self.after, self.plain) < 0 or not self.step > 0:
            raise BundleError(f"{self}: block, channels and step must be positive, the rest not less")
        if self.parts not in (1, 2):
            raise BundleError(f"latent.parts: {self.parts}, known here are 1 and 2; update this splitlite")

    def shape(self, height: int, width: int) -> tuple[int, int, int]:
        """Of the codes of an image: (rows, columns, channels)."""
        return -(-height // self.block), -(-width // self.block), self.channels

    def codes(self, tensor: Array) -> Array:
        """The codes that the encoder's output int8 (..., channels) holds; changes it in place."""
        if self.parts == 2:
            # All of them, then the plain ones again: long runs are quicker than rows of a block's last channels.
            plain = tensor[..., : self.plain].copy()
            tensor += tensor < 0
            tensor >>= 1
            tensor[..., : self.plain] = plain
        return tensor


@dataclass(frozen=True)
class ContextCodesDescription:
    """An output of this kind in a bundle."""

    kind: ClassVar[str] = "context_codes"
    grid: BlockGrid
    tables: TablesFile

    def files(self) -> dict[str, str]:
        return {self.tables.file: self.tables.sha256}

    def tag(self, network_sha256: str) -> str:
        return self.tables.tag(CODER_ID, self.grid, network_sha256)

    def check(self, tensor: TensorInfo, source: Any) -> None:
        grid = self.grid
        if source.shape is not None or (source.block, source.before, source.after) != (
            (grid.block, grid.before, grid.after)
        ):
            raise BundleError(f"the input is not of the blocks of {grid}; export the bundle again")
        if tensor.dtype != "int8" or not same_grid(tensor.scale, tensor.zero_point, grid.step, 0):
            raise BundleError(
                f"output {tensor.name!r} is {tensor}, expected int8 of scale {grid.step:.9g}, the grid's step, and"
                " zero point 0; export the bundle again"
            )
        if len(tensor.shape) != 4 or tensor.shape[3] != grid.channels:
            raise BundleError(f"output {tensor.name!r} is {tensor}, expected {grid.channels} channels")

    def open(self, tensor: TensorInfo, read: ReadFile) -> ContextCodesOutput:
        return ContextCodesOutput(self.grid, self.read_tables(read))

    def read_tables(self, read: ReadFile) -> ContextTables:
        """The tables; raises BundleError if they are damaged or do not fit the grid."""
        return self.tables.read(read, parse_context_tables, self.grid.channels)


class ContextCodesOutput:
    """Codes int8 (rows, columns, channels) of strips."""

    def __init__(self, grid: BlockGrid, tables: ContextTables) -> None:
        self._grid, self._tables, self._library = grid, tables, native.load()
        self._coder: ContextCoder

    def prepare(self, height: int, width: int, tensor_shape: tuple[int, ...]) -> None:
        shape = self._grid.shape(height, width)
        if tensor_shape != (1, *shape):
            raise BundleError(f"the network makes {tensor_shape} of {height} x {width} pixels, expected {(1, *shape)}")
        self._coder = ContextCoder(self._tables, shape, self._library)

    def numbers(self, tensors: Iterable[Array]) -> Array:
        return np.concatenate([self._grid.codes(tensor[0]) for tensor in tensors])

    def payload(self, tensors: Iterable[Array]) -> bytes:
        return self._coder.encode_strips(self._grid.codes(tensor[0]) for tensor in tensors)

    def sizes(self, numbers: Array) -> dict[str, int]:
        return {"latent_bytes": numbers.nbytes}


def parse(value: dict[str, Any], where: str) -> ContextCodesDescription:
    """From a bundle's JSON; raises BundleError naming the place."""
    return from_json(ContextCodesDescription, value, where, BundleError)
