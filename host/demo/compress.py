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
from device.pipeline import Pipeline
from host.demo.choices import Choice, read_choice
from host.demo.jpeg import Jpeg, jpeg_at
from host.evaluation.decoders import read
from host.evaluation.one_image import Codec, Reconstruction
from host.packaging.decoders import BUILD

_RUNS, _ENOUGH_NS = 9, 500_000_000  # of a time: so many, or as many as begin within half a second
DIFFERENCE_GAIN = 8

Made = TypeVar("Made")


@dataclass(frozen=True)
class Result:
    """One image through one model, and through JPEG at the same bytes.

    Attributes:
        encode_ns: median of `encode_runs`, after one that is not counted; image to bitstream, on this machine.
        decode_ns: likewise; payload to codes to image, with what opening the decoder takes.
    """

    ours: Reconstruction
    encode_ns: float
    encode_runs: int
    decode_ns: float
    decode_runs: int
    jpeg: Jpeg

    @property
    def theirs(self) -> Reconstruction:
        """JPEG's."""
        return Reconstruction(self.ours.original, self.jpeg.pixels, self.jpeg.file_bytes)


def decoder_names(choice: Choice, variant: str, quality: int | None, build: Path = BUILD) -> list[str]:
    """The decoders of an encoder: "own", then "tuned" where there is one; raises BundleError, CollectError."""
    return read(build, choice.name, choice.bundle.variant(choice.entry(variant, quality)).tag).names


def compress(
    image: np.ndarray,
    choice: Choice,
    variant: str,
    quality: int | None = None,
    decoder: str = "own",
    build: Path = BUILD,
) -> Result:
    """Encodes with the device's runtime, decodes with the workstation's decoders, and compares.

    Args:
        image: uint8 (height, width, channels), of the size that the model takes.
        variant, quality: as `Choice.variants` and `Choice.qualities`.
        decoder: "own" or "tuned".
        build: where export left the decoders.

    Raises:
        BundleError, ModelLoadError, RuntimeUnavailableError: the encoder cannot be loaded.
        CollectError: no decoder for it here, or none of that name.
        ImageError: another size.
    """
    encoder = _encoder(choice.bundle.folder, choice.bundle.sha256, choice.entry(variant, quality))
    codec = Codec(encoder, read(build, choice.name, encoder.variant.tag))
    stream, encode_ns = _measured(lambda: codec.encode(image))
    made, decode_ns = _measured(lambda: codec.decode(stream, decoder))
    return Result(
        ours=Reconstruction(image, made, len(stream)),
        encode_ns=median(encode_ns),
        encode_runs=len(encode_ns),
        decode_ns=median(decode_ns),
        decode_runs=len(decode_ns),
        jpeg=jpeg_at(image, len(stream)),
    )


@lru_cache(maxsize=4)
def _encoder(folder: Path, sha256: str, variant: str) -> Pipeline:
    # The digest is of the key: a bundle that was exported again is loaded again.
    return Pipeline(read_choice(folder).bundle, variant)


def _measured(call: Callable[[], Made]) -> tuple[Made, list[int]]:
    """What it returns, and the nanoseconds of each run after the first."""
    result, spent = call(), []
    while len(spent) < _RUNS and sum(spent) < _ENOUGH_NS:
        spent.append(timed(call)[1])
    return result, spent
