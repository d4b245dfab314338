"""Codes of an image of any size, each coded with a table that codes before it choose."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ...errors import BundleError
from ...files import digest_tag
from ...quantization import Array, TensorInfo, same_grid
from ...records import as_json, from_json
from .. import ReadFile, TablesFile
from .block_grid import BlockGrid
from .coder import CODER_ID, ContextCoder
from .tables import ContextTables, parse_context_tables


@dataclass(frozen=True)
class ContextCodesDescription:
    """An output of this kind in a bundle."""

    kind: ClassVar[str] = "context_codes"
    grid: BlockGrid
    tables: TablesFile

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it, without "kind"."""
        return dict(as_json(self))

    def files(self) -> dict[str, str]:
        """The tables."""
        return {self.tables.file: self.tables.sha256}

    def tag(self, network_sha256: str) -> str:
        """The digest of what fixes the codes' meaning and coding, and of nothing else: no decoder is in it.

        Args:
            network_sha256: of the file as it lies in the bundle, whatever output scale is written into it.
        """
        digests = {"encoder_sha256": network_sha256, "tables_sha256": self.tables.numbers_sha256}
        return digest_tag({"coder": CODER_ID, "latent": self.grid.to_dict(), **digests})

    def check(self, tensor: TensorInfo, source: Any) -> None:
        """Raises BundleError where the tensor is not of this grid, or the input not of its blocks."""
        grid = self.grid
        if source.shape is not None or (source.block, source.before, source.after) != (
            (grid.block, grid.before, grid.after)
        ):
            raise BundleError(f"the input is not of the grid's blocks {grid.to_dict()}; export the bundle again")
        if tensor.dtype != "int8" or not same_grid(tensor.scale, tensor.zero_point, grid.step, 0):
            raise BundleError(
                f"output {tensor.name!r} is {tensor}, expected int8 of scale {grid.step:.9g}, the grid's step, and"
                " zero point 0; export the bundle again"
            )
        if len(tensor.shape) != 4 or tensor.shape[3] != grid.channels:
            raise BundleError(f"output {tensor.name!r} is {tensor}, expected {grid.channels} channels")

    def open(self, tensor: TensorInfo, read: ReadFile) -> ContextCodesOutput:
        """Reads the tables; raises BundleError."""
        return ContextCodesOutput(self.grid, self.read_tables(read))

    def reader(self, read: ReadFile) -> ContextCodesReader:
        """The decoder of payloads; raises BundleError."""
        return ContextCodesReader(self.grid, self.read_tables(read))

    def read_tables(self, read: ReadFile) -> ContextTables:
        """The tables; raises BundleError if they are damaged or do not fit the grid."""
        tables = parse_context_tables(read(self.tables.file, self.tables.sha256), self.tables.file)
        if tables.channels != self.grid.channels:
            raise BundleError(
                f"{self.tables.file}: tables of {tables.channels} channels, the latent has {self.grid.channels}"
            )
        if tables.sha256 != self.tables.numbers_sha256:
            raise BundleError(f"{self.tables.file}: other tables than the bundle says; export the bundle again")
        return tables


class ContextCodesOutput:
    """Codes and payloads of images of one size at a time."""

    def __init__(self, grid: BlockGrid, tables: ContextTables) -> None:
        self._grid, self._tables = grid, tables
        self._coder: ContextCoder

    def prepare(self, height: int, width: int, tensor_shape: tuple[int, ...]) -> None:
        """Makes ready for images of another size; raises BundleError where the tensor is not of the grid's shape."""
        shape = self._grid.shape(height, width)
        if tensor_shape != (1, *shape):
            raise BundleError(f"the network makes {tensor_shape} of {height} x {width} pixels, expected {(1, *shape)}")
        self._coder = ContextCoder(self._tables, shape)

    def numbers(self, tensors: Iterable[Array]) -> Array:
        """The codes, int8 (rows, columns, channels)."""
        return np.concatenate([self._grid.codes(tensor[0]) for tensor in tensors])

    def payload(self, tensors: Iterable[Array]) -> bytes:
        """The codes, entropy-coded."""
        return self._coder.encode_strips(self._grid.codes(tensor[0]) for tensor in tensors)

    def sizes(self, numbers: Array) -> dict[str, int]:
        """ "latent_bytes"."""
        return {"latent_bytes": numbers.nbytes}


class ContextCodesReader:
    """Payloads to codes. The plain reference: seconds per megapixel."""

    def __init__(self, grid: BlockGrid, tables: ContextTables) -> None:
        self._grid, self._tables = grid, tables

    def numbers(self, payload: bytes, height: int, width: int) -> Array:
        """The codes, int8 (rows, columns, channels); raises BitstreamError for a damaged payload."""
        return ContextCoder(self._tables, self._grid.shape(height, width)).decode(payload)


def parse(value: dict[str, Any], where: str) -> ContextCodesDescription:
    """From a bundle's JSON; raises BundleError naming the place."""
    return from_json(ContextCodesDescription, value, where, BundleError)
