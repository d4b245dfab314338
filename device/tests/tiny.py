"""A small real bundle to test with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..bundle import Bundle, read_bundle
from ..files import sha256_bytes, write_json
from ..outputs.entropy import Tables
from ..quantization import Array, LatentGrid, TensorInfo
from ..stream import codec_tag

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


@dataclass(frozen=True)
class EncoderFile:
    """A .tflite file, and what the bundle says about it."""

    data: bytes
    input: TensorInfo
    output: TensorInfo


def encoder_file(variant: str, data: bytes | None = None) -> EncoderFile:
    """The committed encoder of a variant, or other bytes that claim to be it."""
    content = (DATA / f"tiny.{variant}.tflite").read_bytes() if data is None else data
    return EncoderFile(content, INPUTS[variant], OUTPUTS[variant])


def tables(channels: int = 4) -> Array:
    """Frequencies that peak at code 0: uint16 (channels, 256)."""
    weights = np.exp(-np.abs(np.arange(-128, 128)) / 8)
    row = 1 + np.floor(weights / weights.sum() * (2**15 - 256)).astype(np.int64)
    row[128] += 2**15 - row.sum()
    return np.tile(row, (channels, 1)).astype(np.uint16)


def samples(count: int = 5) -> Array:
    """Images: uint8 (count, 8, 8, 3)."""
    return np.random.default_rng(3).integers(0, 256, (count, *IMAGE_SHAPE), dtype=np.uint8)


TABLES, SAMPLES = tables(), samples()


def _digest(path: Path) -> str:
    return sha256_bytes(path.read_bytes())


def write(
    folder: Path,
    grid: LatentGrid = GRID,
    tables: Array = TABLES,
    samples: Array = SAMPLES,
    encoders: Mapping[str, EncoderFile] | None = None,
) -> Bundle:
    """Writes a bundle into `folder`, of all three variants if nothing else is said; checks nothing."""
    if encoders is None:
        encoders = {variant: encoder_file(variant) for variant in INPUTS}
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "tables.npy", tables)
    np.save(folder / "samples.npy", samples)
    variants = {}
    for name, encoder in encoders.items():
        path = folder / f"{name}.encoder.tflite"
        path.write_bytes(encoder.data)
        digest = sha256_bytes(encoder.data)
        variants[name] = {
            "codec_tag": codec_tag(digest, grid, Tables(tables).sha256),
            "encoder": {
                "file": path.name,
                "sha256": digest,
                "bytes": len(encoder.data),
                "ops": ["CONV_2D", "CONV_2D"],
                "min_runtime_version": None,
                "input": encoder.input.to_dict(),
                "output": encoder.output.to_dict(),
            },
        }
    value = {
        "format_version": 1,
        "model": "tiny",
        "task": "compression",
        "spec_sha256": "5" * 64,
        "model_sha256": "6" * 64,
        "image": dict(zip(("height", "width", "channels"), IMAGE_SHAPE)),
        "latent": grid.to_dict(),
        "coder": 0,
        "tables": {"file": "tables.npy", "sha256": _digest(folder / "tables.npy")},
        "samples": {"file": "samples.npy", "sha256": _digest(folder / "samples.npy"), "count": len(samples)},
        "preprocessing": {"input": "uint8 RGB, 0..255", "scale": 1 / 255, "zero_point": -128},
        "variants": variants,
    }
    write_json(folder / "bundle.json", value)
    return read_bundle(folder)
