"""Runs .tflite halves on the workstation, through the device's own runtime choice and quantizers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from device.inputs.fixed import FixedTensors
from device.outputs.codes import LatentGrid, make_output_quantizer
from device.quantization import TensorInfo
from device.runtime import Network, make_interpreter


class TfliteEncoder:
    """uint8 images -> int8 codes on the latent grid."""

    def __init__(self, model: bytes, grid: LatentGrid) -> None:
        network = Network(make_interpreter(model))
        self._source, self._grid = FixedTensors(network), grid
        self._to_codes = make_output_quantizer(network.output, grid)

    def codes(self, images: np.ndarray) -> np.ndarray:
        """images: uint8 (count, height, width, channels) -> int8 (count, h, w, c)."""
        codes = np.empty((len(images), *self._grid.shape), np.int8)
        for image, out in zip(images, codes, strict=True):
            self._to_codes(*self._source.run(image), out)
        return codes


class TfliteDecoder:
    """int8 codes -> uint8 images, whatever types the decoder's ends have."""

    def __init__(self, model: bytes, grid: LatentGrid) -> None:
        self._network = Network(make_interpreter(model))
        self._table = quantized(dequantize(np.arange(-128, 128).astype(np.int8), grid), self._network.input)

    def images(self, codes: np.ndarray) -> np.ndarray:
        """codes: int8 (count, h, w, c) -> uint8 (count, height, width, channels)."""
        network = self._network
        images = np.empty((len(codes), *network.output.shape[1:]), np.uint8)
        for code, out in zip(codes, images, strict=True):
            # Widen first: int8 + 128 does not fit int8.
            network.set(self._table[code.astype(np.int16) + 128][None])
            network.invoke()
            out[...] = to_pixels(network.get()[0], network.output)
        return images


def open_full(model: bytes) -> Callable[[np.ndarray], np.ndarray]:
    """Both halves in one file: an image uint8 (height, width, channels) to the same."""
    network = Network(make_interpreter(model))
    source = FixedTensors(network)
    return lambda image: to_pixels(source.run(image)[0][0], network.output)


def dequantize(codes: np.ndarray, grid: LatentGrid) -> np.ndarray:
    """int8 codes, of any shape, back to latent values, float32: scale * (code - zero_point)."""
    # Widen first: code - zero_point may leave int8.
    return (codes.astype(np.float32) - np.float32(grid.zero_point)) * np.float32(grid.scale)


def quantized(values: np.ndarray, info: TensorInfo) -> np.ndarray:
    """Real values as a tensor's numbers: float32 as they are, integers rounded to its scale and clipped to its type."""
    if info.dtype == "float32":
        return values.astype(np.float32)
    limits = np.iinfo(info.dtype)
    return np.clip(np.rint(values / info.scale) + info.zero_point, limits.min, limits.max).astype(info.dtype)


def to_pixels(output: np.ndarray, info: TensorInfo) -> np.ndarray:
    """An output tensor as uint8 pixels: real values in 0..1 times 255, rounded, clipped."""
    real = output.astype(np.float32)
    if info.dtype != "float32":
        real = (real - info.zero_point) * np.float32(info.scale)
    return np.rint(np.clip(real, 0, 1) * 255).astype(np.uint8)
