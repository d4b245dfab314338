"""Compares a device's numbers with those that this machine makes of the same images with the same network."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from device.bundle import FILE_NAME, read_bundle
from device.errors import SplitliteError
from device.pipeline import Pipeline
from host.errors import CollectError
from host.results import Agreement


def compare_numbers(
    sent: Sequence[np.ndarray], images: Iterable[np.ndarray] | None, bundle: Path, variant: str, tag: str
) -> Agreement:
    """How far a device's numbers are from this machine's, or why nobody can tell.

    Args:
        sent: decoded from the device's streams, an array an image.
        images: that they are of, uint8 (height, width, channels); None where they are not at hand.
        bundle: the folder with the networks on this machine.
        variant, tag: which of them; with another tag it would be another network.
    """
    differing, largest = 0, 0.0
    try:
        pipeline = _pipeline(bundle, variant, tag)
        if images is None:
            raise CollectError("the images are not at hand")
        for numbers, image in zip(sent, images, strict=True):
            # Widen first: the difference of two int8 does not fit int8.
            steps = np.abs(numbers.astype(np.float64) - pipeline.numbers(image))
            differing += int(np.count_nonzero(steps))
            largest = max(largest, float(steps.max()))
    except SplitliteError as error:
        return Agreement(not_compared=str(error))
    return Agreement(sum(each.size for each in sent), differing, largest)


def _pipeline(folder: Path, variant: str, tag: str) -> Pipeline:
    if not (folder / FILE_NAME).is_file():
        raise CollectError(f"{folder}: no encoders here; export {folder.name}")
    bundle = read_bundle(folder)
    if variant not in bundle.variants or bundle.variants[variant].tag != tag:
        raise CollectError(f"{folder}: another export, its {variant} has not tag {tag}")
    return Pipeline(bundle, variant)
