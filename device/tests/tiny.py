"""Small real bundles to test with, written by hand."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..bundle import Bundle, read_bundle
from ..files import digest_tag, sha256_bytes, write_json
from ..outputs.codes import LatentGrid
from ..outputs.context_codes import BlockGrid
from ..outputs.entropy import Tables
from ..quantization import Array, TensorInfo
from ..records import as_json
from .context_codes.tiny import context_tables

DATA = Path(__file__).resolve().parent / "data"
IMAGE_SHAPE = (8, 8, 3)
GRID = LatentGrid(2, 2, 4, 1.0, 0)
BLOCKS = BlockGrid(block=4, before=0, after=0, channels=4, plain=1, parts=2, step=1.0)
STEPS = (2.0, 1.0)
CLASSES = ("bird", "cat", "dog", "frog")
SCALE_OFFSET = 1452  # of the output tensor's scale in tiny.int8.tflite
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
SCORES = {
    "int8": TensorInfo("scores", (1, 4), "int8", 0.011338634416460991, -18),
    "int16x8": TensorInfo("scores", (1, 4), "int16", 5.020903699914925e-05, 0),
    "float32": TensorInfo("scores", (1, 4), "float32", 0.0, 0),
}
# Name, dtype, scale, zero point of the input, and of the output, of networks that double luma pictures of any size.
_DOUBLERS = {
    "int8": ("int8", (0.003921568859368563, -128), (0.0044797626323997974, -112)),
    "int16x8": ("int16", (3.0518509447574615e-05, 0), (3.271777313784696e-05, 0)),
    "float32": ("float32", (0.0, 0), (0.0, 0)),
}
PIXELS = {
    name: (TensorInfo("image", (1, 12, 12, 1), dtype, *given), TensorInfo("pixels", (1, 8, 8, 4), dtype, *made))
    for name, (dtype, given, made) in _DOUBLERS.items()
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
LABELS = np.array([0, 2, 2, 3, 0], np.int64)  # of which the tiny classifier finds the first, the third and the last
_FIXED = {"kind": "fixed", **dict(zip(("height", "width", "channels"), IMAGE_SHAPE))}


def write(
    folder: Path,
    grid: LatentGrid = GRID,
    tables: Array = TABLES,
    samples: Array = SAMPLES,
    encoders: Mapping[str, EncoderFile] | None = None,
) -> Bundle:
    """Writes a bundle for images of one size, of all three variants if nothing else is said; checks nothing."""
    if encoders is None:
        encoders = {variant: encoder_file(variant) for variant in INPUTS}
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "tables.npy", tables)
    file = _tables_file(folder / "tables.npy", Tables(tables).sha256)
    variants = {}
    for name, encoder in encoders.items():
        entry = _variant(folder, name, encoder, 0, as_json(grid), file["numbers_sha256"])
        variants[name] = {**entry, "output": {"kind": "codes", "grid": as_json(grid), "tables": file}}
    return _write(folder, "compression", _FIXED, samples, variants)


def write_blocks(folder: Path, steps: Sequence[float] = STEPS, samples: Array = SAMPLES) -> Bundle:
    """Writes a bundle for images of any size, with a quality for each step; checks nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    variants, encoder = {}, encoder_file("int8")
    for quality, step in enumerate(steps):
        name, grid, known = f"tables.q{quality}.npy", replace(BLOCKS, step=step), context_tables(4)
        np.save(folder / name, known.vector)
        file = _tables_file(folder / name, known.sha256)
        stated = replace(encoder, output=replace(encoder.output, scale=step))
        variants[f"int8_q{quality}"] = {
            **_variant(folder, "int8", stated, 1, as_json(grid), known.sha256),
            "quality": quality,
            "output_scale": {"offset": SCALE_OFFSET, "value": step},
            "output": {"kind": "context_codes", "grid": as_json(grid), "tables": file},
        }
    source = {"kind": "strips", "block": 4, "before": 0, "after": 0, "channels": 3}
    return _write(folder, "codec", source, samples, variants)


def write_scores(folder: Path, labels: Array | None = LABELS, samples: Array = SAMPLES) -> Bundle:
    """Writes the bundle of a classifier, of all three variants, with labels or without; checks nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    variants = {}
    for name, tensor in SCORES.items():
        network = EncoderFile((DATA / f"scores.{name}.tflite").read_bytes(), INPUTS[name], tensor)
        scores = {"classes": list(CLASSES), **{key: as_json(tensor)[key] for key in ("dtype", "scale", "zero_point")}}
        digests = {"encoder_sha256": sha256_bytes(network.data)}
        tag = digest_tag({"coder": 2, "scores": scores, **digests})
        entry = _network(folder, name, network, tag, ("CONV_2D", "RESHAPE", "FULLY_CONNECTED"))
        variants[name] = {**entry, "output": {"kind": "scores", **scores}}
    return _write(folder, "classification", _FIXED, samples, variants, labels)


def write_pixels(folder: Path, samples: Array = SAMPLES[..., :1]) -> Bundle:
    """Writes the bundle of a network that doubles luma, of all three variants; checks nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    variants = {}
    for name, (given, made) in PIXELS.items():
        network = EncoderFile((DATA / f"pixels.{name}.tflite").read_bytes(), given, made)
        pixels = {"factor": 2, "channels": 1, **{key: as_json(made)[key] for key in ("dtype", "scale", "zero_point")}}
        tag = digest_tag({"coder": 3, "pixels": pixels, "encoder_sha256": sha256_bytes(network.data)})
        entry = _network(folder, name, network, tag, ("CONV_2D", "CONV_2D", "ADD"))
        variants[name] = {**entry, "output": {"kind": "pixels", **pixels}}
    source = {"kind": "strips", "block": 1, "before": 2, "after": 2, "channels": 1}
    return _write(folder, "super_resolution", source, samples, variants)


def with_scale(data: bytes, scale: float) -> bytes:
    """tiny.int8.tflite with another output scale."""
    return data[:SCALE_OFFSET] + struct.pack("<f", scale) + data[SCALE_OFFSET + 4 :]


def _write(
    folder: Path,
    task: str,
    source: dict[str, Any],
    samples: Array,
    variants: dict[str, Any],
    labels: Array | None = None,
) -> Bundle:
    np.save(folder / "samples.npy", samples)
    value: dict[str, Any] = {
        "format_version": 1,
        "model": "tiny",
        "task": task,
        "spec_sha256": "5" * 64,
        "model_sha256": "6" * 64,
        "input": source,
        "samples": {
            "file": "samples.npy",
            "sha256": sha256_bytes((folder / "samples.npy").read_bytes()),
            "shape": list(samples.shape),
        },
        "preprocessing": {"input": "uint8 RGB, 0..255", "scale": 1 / 255, "zero_point": -128},
        "variants": variants,
    }
    if labels is not None:
        np.save(folder / "labels.npy", labels)
        digest = sha256_bytes((folder / "labels.npy").read_bytes())
        value["samples"]["labels"] = {"file": "labels.npy", "sha256": digest}
    write_json(folder / "bundle.json", value)
    return read_bundle(folder)


def _tables_file(path: Path, numbers_sha256: str) -> dict[str, str]:
    return {"file": path.name, "sha256": sha256_bytes(path.read_bytes()), "numbers_sha256": numbers_sha256}


def _variant(
    folder: Path,
    family: str,
    encoder: EncoderFile,
    coder_id: int,
    grid: dict[str, Any],
    tables_sha256: str,
) -> dict[str, Any]:
    digests = {"encoder_sha256": sha256_bytes(encoder.data), "tables_sha256": tables_sha256}
    return _network(folder, family, encoder, digest_tag({"coder": coder_id, "latent": grid, **digests}))


def _network(
    folder: Path, family: str, encoder: EncoderFile, tag: str, ops: Sequence[str] = ("CONV_2D", "CONV_2D")
) -> dict[str, Any]:
    path = folder / f"{family}.encoder.tflite"
    path.write_bytes(encoder.data)
    return {
        "family": family,
        "tag": tag,
        "file": path.name,
        "sha256": sha256_bytes(encoder.data),
        "network_bytes": len(encoder.data),
        "ops": list(ops),
        "input": as_json(encoder.input),
        "tensor": as_json(encoder.output),
    }
