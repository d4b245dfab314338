"""The codes that a device made beside those that this machine makes from the same images with the same encoder."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

import numpy as np

from device.bundle import FILE_NAME, read_bundle
from device.errors import SplitliteError
from device.pipeline import Pipeline
from device.runtime import load_runtime
from host.errors import CollectError


def host_description() -> dict[str, str]:
    """What this machine's codes are made with: "runtime" and "machine"."""
    runtime = load_runtime()
    return {"runtime": f"{runtime.name} {runtime.version}", "machine": platform.machine()}


def compare_codes(
    codes: np.ndarray, originals: np.ndarray | None, bundle: Path, variant: str, codec_tag: str
) -> dict[str, Any]:
    """How far a device's codes are from this machine's.

    Args:
        codes: int8 (count, h, w, c), decoded from the device's bitstreams.
        originals: the images that they are of, uint8 (count, height, width, channels); None where not at hand.
        bundle: the folder with the encoders on this machine.
        variant, codec_tag: which of them; with another tag it would be another encoder.

    Returns:
        {"count", "differing", "differing_share", "largest_step"}, or {"not_compared": why}.
    """
    try:
        own = _encode(originals, bundle, variant, codec_tag)
    except SplitliteError as error:
        return {"not_compared": str(error)}
    # Widen first: the difference of two int8 does not fit int8.
    steps = np.abs(codes.astype(np.int16) - own)
    differing = int(np.count_nonzero(steps))
    return {
        "count": codes.size,
        "differing": differing,
        "differing_share": differing / codes.size,
        "largest_step": int(steps.max()),
    }


def _encode(originals: np.ndarray | None, folder: Path, variant: str, codec_tag: str) -> np.ndarray:
    if originals is None:
        raise CollectError("the images are not at hand")
    if not (folder / FILE_NAME).is_file():
        raise CollectError(f"{folder}: no encoders here; export {folder.name}")
    bundle = read_bundle(folder)
    if variant not in bundle.variants or bundle.variant(variant).tag != codec_tag:
        raise CollectError(f"{folder}: another export, its {variant} has not codec tag {codec_tag}")
    encoder = Pipeline(bundle, variant)
    return np.stack([encoder.numbers(image) for image in originals])
