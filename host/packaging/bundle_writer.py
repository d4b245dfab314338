"""Writes the bundle that travels. The device only reads bundles, so the writer is here.

Data files are written first and bundle.json last. An interrupted export therefore leaves digests that do not fit, which
the device refuses.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from device.bundle import (
    FILE_NAME,
    FORMAT_VERSION,
    Bundle,
    LabelsFile,
    OutputScale,
    Samples,
    Variant,
    parse_bundle,
    read_bundle,
)
from device.errors import BundleError
from device.files import json_bytes, sha256_bytes, write_bytes
from device.records import as_json
from host.packaging.network_file import NetworkFile, describe
from host.packaging.package import Package, VariantFile

SAMPLES_NAME, LABELS_NAME = "samples.npy", "labels.npy"
_PREPROCESSING = {"input": "uint8 RGB, 0..255", "scale": 1 / 255, "zero_point": -128}


def write_bundle(folder: Path, package: Package) -> Bundle:
    """Writes a bundle; the same package gives the same bytes.

    Args:
        folder: made if it is not there; networks and tables that are not in this bundle are removed from it.

    Returns:
        The bundle as it reads back.

    Raises:
        BundleError: something does not fit; nothing was written then.
        ModelLoadError: the runtime here cannot load a network.
    """
    samples = np.ascontiguousarray(package.samples)
    if samples.dtype != np.uint8 or samples.ndim != 4:
        raise BundleError(
            f"samples are {samples.dtype} {samples.shape}, expected uint8 (count, height, width, channels)"
        )
    content: dict[str, bytes] = {SAMPLES_NAME: array_bytes(samples)}
    labels = None
    if package.labels is not None:
        content[LABELS_NAME] = array_bytes(package.labels)
        labels = LabelsFile(LABELS_NAME, sha256_bytes(content[LABELS_NAME]))
    facts: dict[str, NetworkFile] = {}
    variants = {}
    for variant in package.variants:
        file = f"{variant.family}.{package.network}.tflite"
        for name, data in {file: variant.network, **variant.files}.items():
            if content.setdefault(name, data) != data:
                raise BundleError(f"{variant.name}: another {name} than the variants before it")
        if file not in facts:
            facts[file] = describe(variant.network)
        entry = as_json(_entry(variant, file, facts[file]))
        del entry["name"]
        variants[variant.name] = {**entry, "output": described(variant.output)}
    value = {
        "format_version": FORMAT_VERSION,
        "model": package.model,
        "task": package.task,
        "spec_sha256": package.spec_sha256,
        "model_sha256": package.model_sha256,
        "input": described(package.input),
        "samples": as_json(Samples(SAMPLES_NAME, sha256_bytes(content[SAMPLES_NAME]), samples.shape, labels)),
        "preprocessing": _PREPROCESSING,
        "variants": variants,
    }
    content[FILE_NAME] = json_bytes(value)
    # What the device would refuse is refused here, where it can be mended.
    bundle = parse_bundle(folder, content[FILE_NAME])
    if package.labels is not None:
        bundle.check_labels(package.labels)
    for entry in bundle.variants.values():
        entry.output.open(entry.tensor, _reader(content))
    folder.mkdir(parents=True, exist_ok=True)
    for stale in [*folder.glob("*.tflite"), *folder.glob("*.npy")]:
        if stale.name not in content:
            stale.unlink()
    for name, data in content.items():
        write_bytes(folder / name, data)
    return read_bundle(folder)


def array_bytes(array: np.ndarray) -> bytes:
    """The content of an .npy file."""
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()


def _entry(variant: VariantFile, file: str, facts: NetworkFile) -> Variant:
    tensor, scale = facts.output, None
    if variant.output_scale is not None:
        # As the file will hold it, a float32: the scale in bundle.json is the one that runs.
        scale = OutputScale(variant.output_scale[0], float(np.float32(variant.output_scale[1])))
        tensor = replace(tensor, scale=scale.value)
    digest = sha256_bytes(variant.network)
    return Variant(
        name=variant.name,
        family=variant.family,
        quality=variant.quality,
        tag=variant.output.tag(digest),
        file=file,
        sha256=digest,
        network_bytes=len(variant.network),
        ops=facts.ops,
        min_runtime_version=facts.min_runtime_version,
        input=facts.input,
        tensor=tensor,
        parameters=facts.costs.parameters,
        macs=facts.costs.macs,
        output_scale=scale,
        output=None,
    )


def described(part: Any) -> dict[str, Any]:
    """A parsed input or output as JSON holds it; `device.bundle.parse_kind` reads it."""
    return {"kind": part.kind, **as_json(part)}


def _reader(content: Mapping[str, bytes]) -> Any:
    def read(file: str, sha256: str) -> bytes:
        if sha256_bytes(content.get(file, b"")) != sha256:
            raise BundleError(f"{file}: not in the package, or another one than its output says")
        return content[file]

    return read
