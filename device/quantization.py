"""Quantized tensors, and the function that writes an image into one.

A scale and a zero point map an integer to a number: value = scale * (integer - zero_point), Jacob et al. 2018,
https://arxiv.org/abs/1712.05877, the rule of every TFLite tensor.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import BundleError, SplitliteError, one_line

Array = np.ndarray[Any, Any]
Stage = Callable[[Array, Array], None]

CODE_MIN, CODE_MAX = -128, 127
SCALE_TOLERANCE = 1e-6  # relative; float32 carries 1.2e-7


@dataclass(frozen=True)
class TensorInfo:
    """An input or output tensor of a .tflite file; its shape has the batch of 1; float32 has scale 0, zero point 0."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    scale: float
    zero_point: int

    def __str__(self) -> str:
        return f"{self.dtype} {self.shape} scale {self.scale:.9g} zero point {self.zero_point}"


def parse_array(data: bytes, where: object, error: type[SplitliteError] = BundleError) -> Array:
    """The array in an .npy file's content, read-only; allocates nothing that its header claims; raises `error`."""
    stream = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, by_columns, dtype = read(stream)
        flat: Array = np.frombuffer(data, dtype, math.prod(shape), stream.tell())
        return flat.reshape(shape, order="F" if by_columns else "C")
    except Exception as reason:  # whatever numpy's parser raises
        raise error(f"{where}: not an .npy file ({one_line(reason, 100)}); copy or make it again") from None


def same_grid(scale: float, zero_point: int, other_scale: float, other_zero_point: int) -> bool:
    """Whether two quantizations are the same: equal zero point, scale within 1e-6 relative."""
    return zero_point == other_zero_point and abs(scale - other_scale) <= SCALE_TOLERANCE * abs(other_scale)


def make_input_quantizer(info: TensorInfo) -> Stage:
    """Prepares what writes an image into the encoder's input tensor.

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
