"""An enlarged picture, sent as its pixels: no coding.

A network gives each pixel of its input a square of `factor` x `factor` pixels: as channels of one position, which are
spread here (depth to space, the periodic shuffling of W. Shi et al. 2016, https://arxiv.org/abs/1609.05158), or spread
already, by an operator of the file. A value is scale * (number - zero_point), or the number itself in float32; 0 is
black and 1 is white, and what lies outside is clipped. The payload is uint8 (height, width, channels), C order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..errors import BitstreamError, BundleError
from ..files import digest_tag
from ..quantization import Array, TensorInfo
from ..records import as_json, from_json
from . import ReadFile, check_real, check_same

CODER_ID = 3
_PART_NUMBERS = 1 << 17  # of a strip, which are turned into pixels at once


@dataclass(frozen=True)
class PixelsDescription:
    """An output of this kind in a bundle.

    Attributes:
        factor: how many times as high and as wide as the image the picture is.
        channels: of the picture.
        dtype: of the output tensor: int8, int16 or float32.
        scale, zero_point: of the output tensor; 0 and 0 for float32.
    """

    kind: ClassVar[str] = "pixels"
    factor: int
    channels: int
    dtype: str
    scale: float
    zero_point: int

    def __post_init__(self) -> None:
        if min(self.factor, self.channels) < 1:
            raise BundleError(f"pixels: factor {self.factor}, {self.channels} channels; expected 1 or more of both")
        check_real("pixels", self.dtype, self.scale, self.zero_point)

    @property
    def of_luma(self) -> bool:
        """One channel is luma, in the studio range that `colour.luma` makes: what such networks are trained with."""
        return self.channels == 1

    def size(self, height: int, width: int) -> tuple[int, int, int]:
        """(height, width, channels) of the picture of an image."""
        return height * self.factor, width * self.factor, self.channels

    def files(self) -> dict[str, str]:
        return {}

    def tag(self, network_sha256: str) -> str:
        return digest_tag({"coder": CODER_ID, "pixels": as_json(self), "encoder_sha256": network_sha256})

    def check(self, tensor: TensorInfo, source: Any) -> None:
        if source.shape is not None or source.block != 1:
            raise BundleError("the input is not of images of any size, pixel by pixel; export the bundle again")
        spread, packed = self.channels, self.channels * self.factor**2
        if len(tensor.shape) != 4 or tensor.shape[3] not in (spread, packed):
            raise BundleError(
                f"output {tensor.name!r}: shape {tensor.shape}, expected 4 axes and {packed} channels, or {spread}"
            )
        check_same("pixels", tensor, self.dtype, self.scale, self.zero_point)

    def open(self, tensor: TensorInfo, read: ReadFile) -> PixelsOutput:
        return PixelsOutput(self)


class PixelsOutput:
    """A picture uint8 (height, width, channels) of strips of a tensor (1, rows, columns, channels of a position)."""

    def __init__(self, description: PixelsDescription) -> None:
        self._description = description
        self._shape: tuple[int, ...] = 0, 0, 0
        self._picture: Array | None = None  # what is filled, if nobody else has it
        self._table = b""
        if description.dtype == "int8":
            numbers = np.arange(256, dtype=np.uint8).view(np.int8)
            self._table = self._levels(numbers).tobytes()

    def prepare(self, height: int, width: int, tensor_shape: tuple[int, ...]) -> None:
        given = self._description
        spread = (1, *given.size(height, width))
        packed = (1, height, width, given.channels * given.factor**2)
        if tensor_shape not in (spread, packed):
            raise BundleError(f"the network makes {tensor_shape} of {height} x {width} pixels, expected {packed}")
        self._shape, self._picture = spread[1:], None
        self._factor = given.factor if tensor_shape == packed else 1

    def numbers(self, tensors: Iterable[Array]) -> Array:
        made, self._picture = self._fill(tensors), None  # the caller's from now on: a copy of it could be large
        return made

    def payload(self, tensors: Iterable[Array]) -> bytes:
        return self._fill(tensors).tobytes()

    def sizes(self, numbers: Array) -> dict[str, int]:
        """ "pixels_bytes": they are sent uncoded."""
        return {"pixels_bytes": numbers.nbytes}

    def _fill(self, tensors: Iterable[Array]) -> Array:
        top, side = 0, self._factor
        made = np.empty(self._shape, np.uint8) if self._picture is None else self._picture
        for part in (part for tensor in tensors for part in _parts(tensor[0])):
            levels = self._levels(part) if not self._table else self._by_table(part)
            rows, columns, channels = levels.shape
            packed = levels.reshape(rows, columns, side, side, channels // side**2)
            strip = made[top : top + rows * side]
            strip.reshape(rows, side, columns, side, -1)[:] = packed.transpose(0, 2, 1, 3, 4)
            top += rows * side
        self._picture = made
        return made

    def _by_table(self, numbers: Array) -> Array:
        levels: Array = np.frombuffer(numbers.tobytes().translate(self._table), np.uint8).reshape(numbers.shape)
        return levels

    def _levels(self, numbers: Array) -> Array:
        """uint8 of the same shape: the values, times 255, rounded to even and clipped."""
        given = self._description
        if given.dtype == "float32":
            real = numbers * np.float32(255)
        else:
            real = (numbers.astype(np.float32) - np.float32(given.zero_point)) * np.float32(255 * given.scale)
        if not np.isfinite(real).all():
            raise BitstreamError("a pixel is no finite number: the network is damaged, or its runtime does not run it")
        np.rint(real, out=real)
        levels: Array = np.clip(real, 0, 255, out=real).astype(np.uint8)
        return levels


def _parts(numbers: Array) -> Iterator[Array]:
    """Rows of a strip: a network that enlarges much makes large strips, which would be in memory several times."""
    rows = max(1, _PART_NUMBERS // numbers[0].size)
    return (numbers[first : first + rows] for first in range(0, len(numbers), rows))


def parse(value: dict[str, Any], where: str) -> PixelsDescription:
    """From a bundle's JSON; raises BundleError naming the place."""
    return from_json(PixelsDescription, value, where, BundleError)


def read_pixels(payload: bytes, description: PixelsDescription, height: int, width: int) -> Array:
    """The picture of a payload, uint8 (height, width, channels); raises BitstreamError for another length.

    Args:
        height, width: of the image that was enlarged, as the header says them.
    """
    shape = description.size(height, width)
    expected = shape[0] * shape[1] * shape[2]
    if len(payload) != expected:
        raise BitstreamError(f"payload of {len(payload)} bytes, expected {expected}: {shape} pixels")
    return np.frombuffer(payload, np.uint8).reshape(shape).copy()
