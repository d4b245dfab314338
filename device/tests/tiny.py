"""A small real bundle to test with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .. import bundle
from ..quantization import Array, LatentGrid, TensorInfo

DATA = Path(__file__).resolve().parent / "data"
IMAGE_SHAPE = (8, 8, 3)
GRID = LatentGrid(2, 2, 4, 1.0, 0)
INPUTS = {
    "int8": TensorInfo("image", (1, 8, 8, 3), "int8", 0.003921568859368563, -128),
    "int16x8": TensorInfo("image", (1, 8, 8, 3), "int16", 3.0518509447574615e-05, 0),
    "float32": TensorInfo("image", (1, 8, 8, 3), "float32", 0.0, 0),
}
OUTPUTS = {
    "int8": TensorInfo("latent", (1, 2, 2, 4), "int8", 1.0, 0),
    "int16x8": TensorInfo("latent", (1, 2, 2, 4), "int16", 0.0005453628255054355, 0),
    "float32": TensorInfo("latent", (1, 2, 2, 4), "float32", 0.0, 0),
}


def encoder_file(variant: str, data: bytes | None = None) -> bundle.EncoderFile:
    """The committed encoder of a variant, or other bytes that claim to be it."""
    content = (DATA / f"tiny.{variant}.tflite").read_bytes() if data is None else data
    return bundle.EncoderFile(content, INPUTS[variant], OUTPUTS[variant], ("CONV_2D", "CONV_2D"), None)


def tables(channels: int = 4) -> Array:
    """Frequencies that peak at code 0: uint16 (channels, 256)."""
    weights = np.exp(-np.abs(np.arange(-128, 128)) / 8)
    row = 1 + np.floor(weights / weights.sum() * (2**15 - 256)).astype(np.int64)
    row[128] += 2**15 - row.sum()
    return np.tile(row, (channels, 1)).astype(np.uint16)


def samples(count: int = 5) -> Array:
    """Images: uint8 (count, 8, 8, 3)."""
    return np.random.default_rng(3).integers(0, 256, (count, *IMAGE_SHAPE), dtype=np.uint8)


def write(folder: Path, **changes: Any) -> bundle.Bundle:
    """Writes a bundle of three variants into `folder`; `changes` replace arguments of write_bundle."""
    arguments: dict[str, Any] = {
        "model": "tiny",
        "spec_sha256": "5" * 64,
        "model_sha256": "6" * 64,
        "image_shape": IMAGE_SHAPE,
        "grid": GRID,
        "tables": tables(),
        "samples": samples(),
        "encoders": {variant: encoder_file(variant) for variant in INPUTS},
    }
    return bundle.write_bundle(folder, **{**arguments, **changes})
