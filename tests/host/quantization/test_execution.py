"""Codes become latent values again."""

from __future__ import annotations

import numpy as np

from device.outputs.codes import LatentGrid, make_output_quantizer
from device.quantization import TensorInfo
from host.quantization.execution import dequantize

GRID = LatentGrid(16, 16, 1, 0.37, -9)


def test_dequantizing_undoes_quantizing_within_half_a_step() -> None:
    output = np.linspace(-40, 45, 256, dtype=np.float32).reshape(GRID.shape)
    codes = np.empty(GRID.shape, np.int8)
    make_output_quantizer(TensorInfo("latent", (1, *GRID.shape), "float32", 0.0, 0), GRID)(output[None], codes)
    back = dequantize(codes, GRID)
    assert back.dtype == np.float32
    assert float(np.abs(back - output).max()) <= 0.37 / 2 + 1e-4
