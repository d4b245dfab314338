"""One image to its bitstream and back, measured, beside JPEG."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from statistics import median
from typing import TypeVar

import numpy as np

from device.bench.timing import timed
from device.bundle import read_bundle
from device.pipeline import Pipeline
from host.curves.image_codecs import IMAGE_CODECS, as_picture, decode_image, fitting_setting
from host.demo.choices import Choice
from host.evaluation.reconstruct import Reconstruction
from host.metrics import Metric

_RUNS, _ENOUGH_NS = 9, 500_000_000  # of a time: so many, or as many as begin within half a second
DIFFERENCE_GAIN = 8

Made = TypeVar("Made")


@dataclass(frozen=True)
class Compressed:
    """One image through one model, and through JPEG at the same bytes.

    Attributes:
        metrics: what judges both.
        jpeg_file: the JPEG; of the lowest quality where no JPEG is as small.
        encode_ns: median of `encode_runs`, after one that is not counted; image to bitstream, on this machine.
        decode_ns: likewise; payload to picture.
    """

    ours: Reconstruction
    theirs: Reconstruction
    metrics: tuple[Metric, ...]
    jpeg_file: bytes
    jpeg_quality: int
    encode_ns: float
    encode_runs: int
    decode_ns: float
    decode_runs: int


def compress(
    image: np.ndarray, choice: Choice, family: str, quality: int | None = None, decoder: str = "own"
) -> Compressed:
    """Encodes with the device's runtime, decodes with the workstation's decoders, and compares.

    Args:
        image: uint8 (height, width, channels), of a size that the model takes.
        family, quality: an encoder of `choice.bundle`.

    Raises:
        BundleError, ModelLoadError, RuntimeUnavailableError: the encoder cannot be loaded.
        CollectError: no decoder for it here, or none of that name.
        ImageError: another size.
    """
    pipeline = _pipeline(choice.bundle.folder, choice.bundle.sha256, choice.bundle.find(family, quality).name)
    receiver = choice.receiver(family, quality)
    stream, encode_ns = _measured(lambda: pipeline.encode(image))
    made, decode_ns = _measured(lambda: receiver.picture(stream, decoder))
    file, jpeg_quality = jpeg_at(image, len(stream))
    pixels, judge = decode_image(file, image.shape[2]), receiver.decoders.judge
    return Compressed(
        ours=Reconstruction(image, made, len(stream), judge(image, made)),
        theirs=Reconstruction(image, pixels, len(file), judge(image, pixels)),
        metrics=receiver.task.metrics,
        jpeg_file=file,
        jpeg_quality=jpeg_quality,
        encode_ns=median(encode_ns),
        encode_runs=len(encode_ns),
        decode_ns=median(decode_ns),
        decode_runs=len(decode_ns),
    )


def jpeg_at(image: np.ndarray, budget_bytes: int) -> tuple[bytes, int]:
    """The largest JPEG within a budget, of the lowest quality where none is; and its quality."""
    codec, picture = IMAGE_CODECS["jpeg"], as_picture(image)
    quality = fitting_setting(lambda setting: len(codec.encode(picture, setting)), budget_bytes)
    return codec.encode(picture, quality), quality


@lru_cache(maxsize=4)
def _pipeline(folder: Path, sha256: str, variant: str) -> Pipeline:
    # The digest is of the key: a bundle that was exported again is loaded again.
    return Pipeline(read_bundle(folder), variant)


def _measured(call: Callable[[], Made]) -> tuple[Made, list[int]]:
    """What it returns, and the nanoseconds of each run after the first."""
    result = call()
    spent: list[int] = []
    while len(spent) < _RUNS and sum(spent) < _ENOUGH_NS:
        spent.append(timed(call)[1])
    return result, spent
