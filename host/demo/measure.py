"""One image through a model, and through the baseline beside it: pictures, bytes, quality and times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import numpy as np

from device.bench.timing import timed
from device.bundle import read_bundle
from device.pipeline import Pipeline
from host.demo.choices import Choice
from host.evaluation.reconstruct import Reconstruction
from host.metrics import Metric

_RUNS, _ENOUGH_NS = 9, 500_000_000  # of a time: so many, or as many as begin within half a second

Made = TypeVar("Made")


@dataclass(frozen=True)
class Way:
    """One way from an image to its picture.

    Attributes:
        title: for readers, such as "JPEG, quality 12".
        encode_ns: of each run after one that is not counted; from what the device is given to the bytes that it sends,
            on this machine.
        decode_ns: likewise; from these bytes to the picture.
    """

    title: str
    found: Reconstruction
    encode_ns: tuple[int, ...]
    decode_ns: tuple[int, ...]


@dataclass(frozen=True)
class Measured:
    """One image through one model, and through a baseline.

    Attributes:
        baseline: None where nothing stands beside such pictures.
        metrics: what judges both.
        remarks: sentences that belong to the pictures.
    """

    ours: Way
    baseline: Way | None
    metrics: tuple[Metric, ...]
    remarks: tuple[str, ...]

    @property
    def ways(self) -> list[Way]:
        return [self.ours] if self.baseline is None else [self.ours, self.baseline]


def measure(
    image: np.ndarray, choice: Choice, family: str, quality: int | None = None, decoder: str = "own"
) -> Measured:
    """Encodes with the device's runtime, decodes with the workstation's decoders, and compares.

    Args:
        image: uint8 (height, width, channels), of a size that the model takes: the original.
        family, quality: an encoder of `choice.bundle`.

    Raises:
        BundleError, ModelLoadError, RuntimeUnavailableError: the encoder cannot be loaded.
        CollectError: no decoder for it here, or none of that name.
        ImageError: another size, or one of which nothing can be made.
    """
    pipeline = _pipeline(choice.bundle.folder, choice.bundle.sha256, choice.bundle.find(family, quality).name)
    receiver = choice.receiver(family, quality)
    receiver.check(decoder)
    decoders = receiver.decoders
    given, truth = receiver.given_and_truth(image)

    def way(title: str, encode: Callable[[], bytes], decode: Callable[[bytes], np.ndarray]) -> Way:
        stream, encode_ns = _timed(encode)
        made, decode_ns = _timed(lambda: decode(stream))
        found = Reconstruction(truth, made, len(stream), decoders.judge(truth, made))
        return Way(title, found, tuple(encode_ns), tuple(decode_ns))

    title = f"{choice.name}, {family}" if quality is None else f"{choice.name}, {family}, quality {quality}"
    ours = way(title, lambda: pipeline.encode(given), lambda stream: receiver.picture(stream, decoder))
    baseline = next(decoders.baselines(given, ours.found.bitstream_bytes), None)  # there is room for one
    remarks = [] if decoders.given_originals else [_made_of(given, truth, image)]
    remarks += [decoders.remark] if decoders.remark else []
    return Measured(
        ours=ours,
        baseline=None if baseline is None else way(baseline.title, baseline.encode, baseline.decode),
        metrics=receiver.task.metrics,
        remarks=(*remarks, *(() if baseline is None else baseline.remarks)),
    )


def _made_of(given: np.ndarray, truth: np.ndarray, image: np.ndarray) -> str:
    cut = "" if truth.shape[:2] == image.shape[:2] else f", cut to {_size(truth)}"
    return f"The device was given {_size(given)} pixels, made of the original of {_size(image)}{cut}."


def _size(image: np.ndarray) -> str:
    return f"{image.shape[1]} × {image.shape[0]}"


@lru_cache(maxsize=4)
def _pipeline(folder: Path, sha256: str, variant: str) -> Pipeline:
    # The digest is of the key: a bundle that was exported again is loaded again.
    return Pipeline(read_bundle(folder), variant)


def _timed(call: Callable[[], Made]) -> tuple[Made, list[int]]:
    """What it returns, and the nanoseconds of each run after the first."""
    result = call()
    spent: list[int] = []
    while len(spent) < _RUNS and sum(spent) < _ENOUGH_NS:
        spent.append(timed(call)[1])
    return result, spent
