"""The latent grid, and the two ends of an encoder: image in, codes out.

A grid maps a code to a number: value = scale * (code - zero_point), Jacob et al. 2018,
https://arxiv.org/abs/1712.05877, the rule of every TFLite tensor.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .errors import BundleError
from .files import check_json

Array = np.ndarray[Any, Any]
Stage = Callable[[Array, Array], None]

CODE_MIN, CODE_MAX = -128, 127
SCALE_TOLERANCE = 1e-6  # relative; float32 carries 1.2e-7
_FIXED_POINT_BITS = 32  # int16 times a ratio below 2**15 stays below 2**62

# What JSON must hold of the two.
_GRID = {"height": int, "width": int, "channels": int, "scale": (int, float), "zero_point": int}
_TENSOR = {"name": str, "shape": [int], "dtype": str, "scale": (int, float), "zero_point": int}


@dataclass(frozen=True)
class LatentGrid:
    """Shape and meaning of a model's codes: int8 (height, width, channels), C order.

    Attributes:
        height, width, channels: of the latent of one image.
        scale: latent units per step.
        zero_point: the code of latent value 0.
    """

    height: int
    width: int
    channels: int
    scale: float
    zero_point: int

    def __post_init__(self) -> None:
        if min(self.height, self.width, self.channels) < 1 or not 0 < self.scale < float("inf"):
            raise BundleError(f"latent grid {self.to_dict()}: sides, channels and scale must be positive")
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

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, value: Any, where: str = "latent") -> LatentGrid:
        """From JSON; raises BundleError naming `where` for a missing or mistyped key."""
        check_json(value, _GRID, BundleError, where)
        # A float, whatever JSON's number looks like: the codec tag is a digest of how it is written.
        return cls(**{**{key: value[key] for key in _GRID}, "scale": float(value["scale"])})


@dataclass(frozen=True)
class TensorInfo:
    """An input or output tensor of a .tflite file.

    Attributes:
        name: as the file has it.
        shape: with the batch, which is 1.
        dtype: "float32", "int8" or "int16".
        scale, zero_point: of its grid; 0.0 and 0 for float32.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    scale: float
    zero_point: int

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it."""
        return {**asdict(self), "shape": list(self.shape)}

    @classmethod
    def from_dict(cls, value: Any, where: str = "tensor") -> TensorInfo:
        """From JSON; raises BundleError naming `where` for a missing or mistyped key."""
        check_json(value, _TENSOR, BundleError, where)
        if min(value["shape"], default=1) < 1:
            raise BundleError(f"{where}.shape: {value['shape']} is not a list of positive integers")
        return cls(value["name"], tuple(value["shape"]), value["dtype"], float(value["scale"]), value["zero_point"])


def same_grid(scale: float, zero_point: int, other_scale: float, other_zero_point: int) -> bool:
    """Whether two quantizations are the same: equal zero point, scale within 1e-6 relative."""
    return zero_point == other_zero_point and abs(scale - other_scale) <= SCALE_TOLERANCE * abs(other_scale)


def make_input_quantizer(info: TensorInfo) -> Stage:
    """Prepares what writes an image into the encoder's input tensor.

    Args:
        info: the input tensor, shape (1, height, width, channels).

    Returns:
        quantize(image, out): image uint8 (height, width, channels), 0..255; out: the tensor's dtype and
        shape, written in place. float32 gets image / 255, integers round(image / 255 / scale) + zero_point.

    Raises:
        BundleError: an int8 input that is not scale 1/255 and zero point -128, or an unknown dtype.
    """
    if info.dtype == "int8":
        if not same_grid(info.scale, info.zero_point, 1 / 255, -128):
            raise BundleError(
                f"input {info.name!r}: scale {info.scale!r}, zero point {info.zero_point};"
                " expected 1/255 and -128, so that uint8 to int8 is an XOR; export the bundle again"
            )
        flip = np.uint8(0x80)

        def quantize_int8(image: Array, out: Array) -> None:
            np.bitwise_xor(image, flip, out=out.view(np.uint8)[0])

        return quantize_int8
    levels = np.arange(256, dtype=np.float32) / np.float32(255)
    if info.dtype == "int16":
        if not 0 < info.scale < float("inf"):
            raise BundleError(f"input {info.name!r}: scale {info.scale!r} is not positive; export the bundle again")
        exact = np.rint(np.arange(256) / 255 / info.scale) + info.zero_point
        levels = np.clip(exact, -32768, 32767).astype(np.int16)
    elif info.dtype != "float32":
        raise BundleError(f"input {info.name!r}: dtype {info.dtype}; expected float32, int8 or int16")

    def quantize_by_table(image: Array, out: Array) -> None:
        # mode="clip" lets numpy write into `out` without a buffer of its own; uint8 never needs clipping.
        levels.take(image, out=out[0], mode="clip")

    return quantize_by_table


def make_output_quantizer(info: TensorInfo, grid: LatentGrid) -> Stage:
    """Prepares what turns the encoder's output into codes on the model's latent grid.

    Args:
        info: the output tensor, shape (1, height, width, channels) of the grid.
        grid: the model's latent grid.

    Returns:
        quantize(output, codes): output: the tensor; codes int8 (height, width, channels), written in
        place. The buffers inside are shared: one thread at a time.

    Raises:
        BundleError: the shape differs from the grid's; an int8 output on another grid; an unknown dtype.
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
