"""A fixed number of codes on a latent grid, coded with static tables.

A grid maps a code to a number: value = scale * (code - zero_point).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..errors import BundleError
from ..quantization import CODE_MAX, CODE_MIN, Array, Stage, TensorInfo, same_grid
from ..records import from_json
from . import ReadFile, TablesFile, native
from .entropy import CODER_ID, Coder, Tables, parse_tables

_FIXED_POINT_BITS = 32  # int16 times a ratio below 2**15 stays below 2**62


@dataclass(frozen=True)
class LatentGrid:
    """Shape and meaning of a model's codes: int8 (height, width, channels), C order.

    `scale` is in latent units per step, `zero_point` the code of latent value 0.
    """

    height: int
    width: int
    channels: int
    scale: float
    zero_point: int

    def __post_init__(self) -> None:
        if min(self.height, self.width, self.channels) < 1 or not 0 < self.scale < float("inf"):
            raise BundleError(f"{self}: sides, channels and scale must be positive")
        if not CODE_MIN <= self.zero_point <= CODE_MAX:
            raise BundleError(f"latent grid: zero point {self.zero_point} is not in {CODE_MIN}..{CODE_MAX}")

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, channels)."""
        return self.height, self.width, self.channels

    @property
    def count(self) -> int:
        """Codes per image; also their bytes before entropy coding."""
        return self.height * self.width * self.channels


@dataclass(frozen=True)
class CodesDescription:
    """An output of this kind in a bundle."""

    kind: ClassVar[str] = "codes"
    grid: LatentGrid
    tables: TablesFile

    def files(self) -> dict[str, str]:
        return {self.tables.file: self.tables.sha256}

    def tag(self, network_sha256: str) -> str:
        return self.tables.tag(CODER_ID, self.grid, network_sha256)

    def check(self, tensor: TensorInfo, source: Any) -> None:
        if source.shape is None:
            raise BundleError("a latent grid of one size needs an input of one size; export the bundle again")
        make_output_quantizer(tensor, self.grid)

    def open(self, tensor: TensorInfo, read: ReadFile) -> CodesOutput:
        return CodesOutput(self.grid, tensor, self.read_tables(read))

    def read_tables(self, read: ReadFile) -> Tables:
        """The tables; raises BundleError if they are damaged or do not fit the grid."""
        return self.tables.read(read, parse_tables, self.grid.channels)


class CodesOutput:
    """Codes int8 (height, width, channels) of one tensor."""

    def __init__(self, grid: LatentGrid, tensor: TensorInfo, tables: Tables) -> None:
        self._codes: Array = np.zeros(grid.shape, np.int8)
        self._quantize = make_output_quantizer(tensor, grid)
        self._coder = Coder(tables, grid.shape, native.load())
        self._is_float = tensor.dtype == "float32"

    def prepare(self, height: int, width: int, tensor_shape: tuple[int, ...]) -> None:
        """Nothing: all images are of one size."""

    def numbers(self, tensors: Iterable[Array]) -> Array:
        (tensor,) = tensors
        self._quantize(tensor, self._codes)
        return self._codes.copy()

    def payload(self, tensors: Iterable[Array]) -> bytes:
        (tensor,) = tensors
        self._quantize(tensor, self._codes)
        return self._coder.encode(self._codes)

    def sizes(self, numbers: Array) -> dict[str, int]:
        """ "latent_bytes"; and "uncoded_latent_bytes", which a float network's latent would take as it is."""
        sizes = {"latent_bytes": numbers.nbytes}
        return {**sizes, "uncoded_latent_bytes": 4 * numbers.size} if self._is_float else sizes


def parse(value: dict[str, Any], where: str) -> CodesDescription:
    """From a bundle's JSON; raises BundleError naming the place."""
    return from_json(CodesDescription, value, where, BundleError)


def make_output_quantizer(info: TensorInfo, grid: LatentGrid) -> Stage:
    """Prepares quantize(output, codes): from the network's output tensor to codes int8 (height, width, channels).

    The buffers inside are shared: one thread at a time. Raises BundleError for another shape, grid or dtype.
    """
    if info.shape != (1, *grid.shape):
        raise BundleError(f"output {info.name!r}: shape {info.shape}, expected {(1, *grid.shape)} of the latent grid")
    if info.dtype == "int8":
        if not same_grid(info.scale, info.zero_point, grid.scale, grid.zero_point):
            raise BundleError(
                f"output {info.name!r}: scale {info.scale!r}, zero point {info.zero_point}; expected the latent"
                f" grid's {grid.scale!r} and {grid.zero_point}; export the bundle again"
            )

        def copy_int8(output: Array, codes: Array) -> None:
            np.copyto(codes, output[0])

        return copy_int8
    if info.dtype == "float32":
        return _float_output(grid)
    if info.dtype == "int16":
        return _int16_output(info, grid)
    raise BundleError(f"output {info.name!r}: dtype {info.dtype}; expected float32, int8 or int16")


def _float_output(grid: LatentGrid) -> Stage:
    steps = np.empty(grid.shape, np.float32)
    scale, zero_point = np.float32(grid.scale), np.float32(grid.zero_point)
    low, high = np.float32(CODE_MIN), np.float32(CODE_MAX)

    def quantize_float(output: Array, codes: Array) -> None:
        np.divide(output[0], scale, out=steps)
        np.rint(steps, out=steps)
        np.add(steps, zero_point, out=steps)
        np.minimum(steps, high, out=steps)
        np.maximum(steps, low, out=steps)
        np.copyto(codes, steps, casting="unsafe")

    return quantize_float


def _int16_output(info: TensorInfo, grid: LatentGrid) -> Stage:
    # Integers only, so that every machine makes the same codes: round half up of value * ratio + zero point.
    ratio = info.scale / grid.scale
    if not 0 < ratio < 1 << 14:
        raise BundleError(f"output {info.name!r}: scale {info.scale!r} does not fit the latent grid's {grid.scale!r}")
    multiplier = np.int64(round(ratio * (1 << _FIXED_POINT_BITS)))
    half = 1 << (_FIXED_POINT_BITS - 1)
    offset = np.int64(half + (grid.zero_point << _FIXED_POINT_BITS) - int(multiplier) * info.zero_point)
    shift = np.int64(_FIXED_POINT_BITS)
    wide = np.empty(grid.shape, np.int64)

    def quantize_int16(output: Array, codes: Array) -> None:
        # Widen first: int16 times the multiplier does not fit int16.
        np.multiply(output[0], multiplier, out=wide, dtype=np.int64)
        np.add(wide, offset, out=wide)
        np.right_shift(wide, shift, out=wide)
        np.minimum(wide, CODE_MAX, out=wide)
        np.maximum(wide, CODE_MIN, out=wide)
        np.copyto(codes, wide, casting="unsafe")

    return quantize_int16
