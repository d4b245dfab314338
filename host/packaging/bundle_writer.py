"""The bundle that travels: what `device.bundle` reads is written here, because the device itself never writes one.

Data files are written first and bundle.json last, so that an interrupted export leaves digests that do not fit, which
is an error on the device, not a mixture that runs.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from device.bundle import FILE_NAME, Bundle, parse_bundle, read_bundle
from device.errors import BundleError
from device.files import json_bytes, sha256_bytes, write_bytes
from device.outputs.entropy import CODER_ID, Tables
from device.quantization import LatentGrid, TensorInfo, make_input_quantizer, make_output_quantizer
from device.stream import codec_tag

TABLES_NAME = "tables.npy"
SAMPLES_NAME = "samples.npy"
ENCODER_SUFFIX = ".encoder.tflite"


@dataclass(frozen=True)
class EncoderFile:
    """One variant: the .tflite file's bytes and what is in it; see `device.bundle.Variant`."""

    data: bytes
    input: TensorInfo
    output: TensorInfo
    ops: tuple[str, ...]
    min_runtime_version: str | None
    parameters: int | None = None
    macs: int | None = None


def write_bundle(
    folder: Path,
    *,
    model: str,
    spec_sha256: str,
    model_sha256: str,
    image_shape: tuple[int, int, int],
    grid: LatentGrid,
    tables: np.ndarray,
    samples: np.ndarray,
    encoders: Mapping[str, EncoderFile],
    task: str = "compression",
) -> Bundle:
    """Writes a bundle; the same arguments give the same bytes.

    Args:
        folder: made if it is not there; encoder files of variants not in `encoders` are removed from it.
        model: its name.
        spec_sha256, model_sha256: what it was made from.
        image_shape: (height, width, channels) that the encoders take.
        grid: the model's latent grid.
        tables: uint16 (channels, 256), rows summing to 2**15.
        samples: uint8 (count, height, width, channels).
        encoders: by variant.
        task: what the encoder is for.

    Returns:
        The bundle as it reads back.

    Raises:
        BundleError: something does not fit; nothing was written then.
    """
    checked = Tables(tables)
    if checked.channels != grid.channels:
        raise BundleError(f"tables of {checked.channels} channels, the latent has {grid.channels}")
    if samples.dtype != np.uint8 or samples.ndim != 4 or samples.shape[1:] != tuple(image_shape):
        raise BundleError(f"samples are {samples.dtype} {samples.shape}, expected uint8 (count, *{image_shape})")
    content = {TABLES_NAME: tables_bytes(checked), SAMPLES_NAME: array_bytes(np.ascontiguousarray(samples))}
    content.update({name + ENCODER_SUFFIX: encoder.data for name, encoder in encoders.items()})
    value = {
        "format_version": 1,  # of images of one size; the bytes, and so the digests, stay what they were
        "model": model,
        "task": task,
        "spec_sha256": spec_sha256,
        "model_sha256": model_sha256,
        "image": dict(zip(("height", "width", "channels"), map(int, image_shape), strict=True)),
        "latent": grid.to_dict(),
        "coder": CODER_ID,
        "tables": {"file": TABLES_NAME, "sha256": sha256_bytes(content[TABLES_NAME])},
        "samples": {"file": SAMPLES_NAME, "sha256": sha256_bytes(content[SAMPLES_NAME]), "count": len(samples)},
        "preprocessing": {"input": "uint8 RGB, 0..255", "scale": 1 / 255, "zero_point": -128},
        "variants": {name: _describe(name, encoder, grid, checked) for name, encoder in encoders.items()},
    }
    content[FILE_NAME] = json_bytes(value)
    for variant in parse_bundle(folder, content[FILE_NAME]).variants.values():
        # What the device would refuse is refused here, where it can be mended.
        make_input_quantizer(variant.input)
        make_output_quantizer(variant.output, grid)
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("*" + ENCODER_SUFFIX):
        if stale.name not in content:
            stale.unlink()
    for name, data in content.items():
        write_bytes(folder / name, data)
    return read_bundle(folder)


def tables_bytes(tables: Tables) -> bytes:
    """The content of tables.npy: uint16 (channels, 256), little-endian."""
    return array_bytes(tables.frequencies.astype("<u2"))


def array_bytes(array: np.ndarray) -> bytes:
    """The content of an .npy file."""
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()


def _describe(name: str, encoder: EncoderFile, grid: LatentGrid, tables: Tables) -> dict[str, Any]:
    digest = sha256_bytes(encoder.data)
    counts = {"parameters": encoder.parameters, "macs": encoder.macs}
    return {
        "codec_tag": codec_tag(digest, grid, tables.sha256, CODER_ID),
        "encoder": {
            "file": name + ENCODER_SUFFIX,
            "sha256": digest,
            "bytes": len(encoder.data),
            "ops": list(encoder.ops),
            "min_runtime_version": encoder.min_runtime_version,
            "input": encoder.input.to_dict(),
            "output": encoder.output.to_dict(),
            **{key: count for key, count in counts.items() if count is not None},
        },
    }
