"""Runs .tflite halves on the workstation, through the device's own runtime choice and quantizers."""

from __future__ import annotations

from typing import Any

import numpy as np

from device.outputs.codes import LatentGrid, make_output_quantizer
from device.quantization import make_input_quantizer
from device.runtime import Network, Runtime, make_interpreter


class TfliteEncoder:
    """uint8 images -> int8 codes on the latent grid."""

    def __init__(self, model: bytes, grid: LatentGrid, runtime: Runtime | None = None) -> None:
        self._network = _open(model, runtime)
        self.input, self.output = self._network.input, self._network.output
        self._quantize = make_input_quantizer(self.input)
        self._to_codes = make_output_quantizer(self.output, grid)
        self._grid = grid

    def codes(self, images: np.ndarray) -> np.ndarray:
        """images: uint8 (count, height, width, channels) -> int8 (count, h, w, c)."""
        buffer = np.empty(self.input.shape, self.input.dtype)
        codes = np.empty((len(images), *self._grid.shape), np.int8)
        for image, out in zip(images, codes, strict=True):
            self._quantize(image, buffer)
            self._to_codes(_run(self._network, buffer), out)
        return codes


class TfliteDecoder:
    """int8 codes -> uint8 images, whatever types the decoder's ends have."""

    def __init__(self, model: bytes, grid: LatentGrid, runtime: Runtime | None = None) -> None:
        self._network = _open(model, runtime)
        self.input, self.output = self._network.input, self._network.output
        latents = dequantize(np.arange(-128, 128).astype(np.int8), grid)
        self._table = quantized(latents, self.input)

    def images(self, codes: np.ndarray) -> np.ndarray:
        """codes: int8 (count, h, w, c) -> uint8 (count, height, width, channels)."""
        images = np.empty((len(codes), *self.output.shape[1:]), np.uint8)
        for code, out in zip(codes, images, strict=True):
            # Widen first: int8 + 128 does not fit int8.
            output = _run(self._network, self._table[code.astype(np.int16) + 128][None])
            out[...] = to_pixels(output[0], self.output)
        return images


class TfliteFull:
    """uint8 images -> uint8 images, both halves in one file."""

    def __init__(self, model: bytes, runtime: Runtime | None = None) -> None:
        self._network = _open(model, runtime)
        self._quantize = make_input_quantizer(self._network.input)

    def images(self, images: np.ndarray) -> np.ndarray:
        """uint8 (count, height, width, channels), 0..255, to the same."""
        buffer = np.empty(self._network.input.shape, self._network.input.dtype)
        reconstructions = np.empty((len(images), *self._network.output.shape[1:]), np.uint8)
        for image, out in zip(images, reconstructions, strict=True):
            self._quantize(image, buffer)
            out[...] = to_pixels(_run(self._network, buffer)[0], self._network.output)
        return reconstructions


def _open(model: bytes, runtime: Runtime | None) -> Network:
    return Network(make_interpreter(model, runtime=runtime))


def _run(network: Network, value: np.ndarray) -> np.ndarray:
    network.set(value)
    network.invoke()
    return network.get()


def dequantize(codes: np.ndarray, grid: LatentGrid) -> np.ndarray:
    """Codes back to latent values.

    Args:
        codes: int8, any shape.
        grid: the model's latent grid.

    Returns:
        float32, the same shape: scale * (code - zero_point).
    """
    # Widen first: code - zero_point may leave int8.
    return (codes.astype(np.float32) - np.float32(grid.zero_point)) * np.float32(grid.scale)


def quantized(values: np.ndarray, info: Any) -> np.ndarray:
    """Real values as a tensor's numbers: float32 as they are, integers rounded to its scale and clipped to its type."""
    if info.dtype == "float32":
        return values.astype(np.float32)
    limits = np.iinfo(info.dtype)
    return np.clip(np.rint(values / info.scale) + info.zero_point, limits.min, limits.max).astype(info.dtype)


def to_pixels(output: np.ndarray, info: Any) -> np.ndarray:
    """An output tensor as uint8 pixels: real values in 0..1 times 255, rounded, clipped."""
    real = output.astype(np.float32)
    if info.dtype != "float32":
        real = (real - info.zero_point) * np.float32(info.scale)
    return np.rint(np.clip(real, 0, 1) * 255).astype(np.uint8)
