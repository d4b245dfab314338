"""The bundle of a photo codec, version 2: what `device.outputs.context_codes.bundle` reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from device.bundle import FILE_NAME, Bundle, parse_bundle, read_bundle
from device.errors import BundleError
from device.files import json_bytes, sha256_bytes, write_bytes
from device.outputs.context_codes.block_grid import BlockGrid
from device.outputs.context_codes.bundle import TASK
from device.outputs.context_codes.coder import CODER_ID
from device.outputs.context_codes.tables import ContextTables
from device.quantization import make_input_quantizer
from device.stream import codec_tag
from host.packaging.bundle_writer import ENCODER_SUFFIX, SAMPLES_NAME, EncoderFile, array_bytes

FORMAT_VERSION = 2


def write_photo_bundle(
    folder: Path,
    *,
    model: str,
    spec_sha256: str,
    model_sha256: str,
    grid: BlockGrid,
    steps: Sequence[float],
    tables: Sequence[ContextTables],
    samples: np.ndarray,
    encoder: EncoderFile,
    step_offset: int,
    variant: str = "int8",
) -> Bundle:
    """Writes a bundle; the same arguments give the same bytes.

    Args:
        folder: made if it is not there; encoders and tables that are not in this bundle are removed from it.
        grid: of any quality.
        steps, tables: of each quality.
        samples: uint8 (count, height, width, 3).
        encoder: the one file.
        step_offset: where in it the step of a quality belongs.

    Returns:
        The bundle as it reads back.

    Raises:
        BundleError: something does not fit; nothing was written then.
    """
    if samples.dtype != np.uint8 or samples.ndim != 4 or samples.shape[3] != 3:
        raise BundleError(f"samples are {samples.dtype} {samples.shape}, expected uint8 (count, height, width, 3)")
    if len(tables) != len(steps) or {each.channels for each in tables} != {grid.channels}:
        raise BundleError(f"{len(tables)} tables for {len(steps)} qualities of {grid.channels} channels do not fit")
    make_input_quantizer(encoder.input)
    file, digest = variant + ENCODER_SUFFIX, sha256_bytes(encoder.data)
    # float32, as the file will hold it: the step in bundle.json and in the codec tag is the one that runs.
    grids = [replace(grid, step=float(np.float32(step))) for step in steps]
    names = [f"tables.q{quality}.npy" for quality in range(len(steps))]
    content = {name: each.tobytes() for name, each in zip(names, tables, strict=True)}
    content |= {file: encoder.data, SAMPLES_NAME: array_bytes(np.ascontiguousarray(samples))}
    latent = grid.to_dict()
    del latent["step"]
    counts = {"parameters": encoder.parameters, "macs": encoder.macs}
    value = {
        "format_version": FORMAT_VERSION,
        "model": model,
        "task": TASK,
        "spec_sha256": spec_sha256,
        "model_sha256": model_sha256,
        "latent": latent,
        "coder": CODER_ID,
        "qualities": [
            {"step": each.step, "tables": {"file": name, "sha256": sha256_bytes(content[name])}}
            for each, name in zip(grids, names, strict=True)
        ],
        "samples": {
            "file": SAMPLES_NAME,
            "sha256": sha256_bytes(content[SAMPLES_NAME]),
            **dict(zip(("count", "height", "width"), samples.shape, strict=False)),
        },
        "preprocessing": {"input": "uint8 RGB, 0..255", "scale": 1 / 255, "zero_point": -128, "padding": "reflect"},
        "variants": {
            variant: {
                "codec_tags": [
                    codec_tag(digest, each, table.sha256, CODER_ID) for each, table in zip(grids, tables, strict=True)
                ],
                "step_offset": step_offset,
                "encoder": {
                    "file": file,
                    "sha256": digest,
                    "bytes": len(encoder.data),
                    "ops": list(encoder.ops),
                    "min_runtime_version": encoder.min_runtime_version,
                    "input": encoder.input.to_dict(),
                    "output": encoder.output.to_dict(),
                    **{key: count for key, count in counts.items() if count is not None},
                },
            }
        },
    }
    content[FILE_NAME] = json_bytes(value)
    parse_bundle(folder, content[FILE_NAME])
    folder.mkdir(parents=True, exist_ok=True)
    for stale in [*folder.glob("*" + ENCODER_SUFFIX), *folder.glob("tables*.npy")]:
        if stale.name not in content:
            stale.unlink()
    for name, data in content.items():
        write_bytes(folder / name, data)
    return read_bundle(folder)
