"""One image to its bitstream and back, measured, beside JPEG."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from statistics import median
from typing import TypeVar

import numpy as np

from device.bitstream import unpack
from device.encoder import Encoder, load_encoder
from device.photo.encoder import PhotoEncoder
from device.timing import timed
from host.demo.choices import Choice, read_choice
from host.demo.jpeg import Jpeg, jpeg_at
from host.errors import DemoError
from host.evaluation.decoders import read
from host.evaluation.metrics import bits_per_pixel, psnr_db, ssim
from host.packaging.decoders import BUILD

_RUNS, _ENOUGH_NS = 9, 500_000_000  # of a time: so many, or as many as begin within half a second
_WINDOW = 11  # SSIM's, in pixels
DIFFERENCE_GAIN = 8

Made = TypeVar("Made")


@dataclass(frozen=True)
class Quality:
    """Of a reconstruction; psnr_db is None where nothing differs, ssim where a side is below SSIM's 11 pixels."""

    psnr_db: float | None
    ssim: float | None


@dataclass(frozen=True)
class Result:
    """One image through one model.

    Attributes:
        original, reconstruction: uint8 (height, width, channels), 0..255.
        bitstream_bytes: header included.
        encode_ns: median of `encode_runs`, after one that is not counted; image to bitstream, on this machine.
        decode_ns: likewise; payload to codes to image, with what opening the decoder takes.
        jpeg: at these bytes.
    """

    original: np.ndarray
    reconstruction: np.ndarray
    bitstream_bytes: int
    encode_ns: float
    encode_runs: int
    decode_ns: float
    decode_runs: int
    quality: Quality
    jpeg: Jpeg
    jpeg_quality: Quality

    @property
    def ratio(self) -> float:
        """Bytes of the pixels over bytes of the bitstream."""
        return self.original.size / self.bitstream_bytes

    @property
    def jpeg_ratio(self) -> float:
        return self.original.size / self.jpeg.file_bytes

    @property
    def bpp(self) -> float:
        return bits_per_pixel(self.bitstream_bytes, self.original.shape)

    @property
    def jpeg_bpp(self) -> float:
        return bits_per_pixel(self.jpeg.file_bytes, self.original.shape)


def decoder_names(choice: Choice, variant: str, quality: int | None, build: Path = BUILD) -> list[str]:
    """The decoders of an encoder: "own", then "tuned" where there is one; raises BundleError, CollectError."""
    return read(build, choice.name, choice.bundle.variant(choice.entry(variant, quality)).codec_tag).names


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
        DemoError: no such decoder.
        BundleError, ModelLoadError, RuntimeUnavailableError: the encoder cannot be loaded.
        CollectError: no decoder for it here.
        ImageError: another size.
    """
    encoder = _encoder(choice.bundle.folder, choice.bundle.sha256, choice.entry(variant, quality))
    decoders = read(build, choice.name, encoder.variant.codec_tag)
    if decoder not in decoders.names:
        raise DemoError(f"{choice.name} {variant} has no {decoder} decoder; there is: {', '.join(decoders.names)}")
    height, width, _ = image.shape
    stream, encode_ns = _measured(lambda: encoder.encode(image))
    _, payload = unpack(stream)

    def decode() -> np.ndarray:
        return decoders.images(decoder, decoders.codes(payload, height, width)[None], height, width)[0]

    made, decode_ns = _measured(decode)
    jpeg = jpeg_at(image, len(stream))
    return Result(
        original=image,
        reconstruction=made,
        bitstream_bytes=len(stream),
        encode_ns=median(encode_ns),
        encode_runs=len(encode_ns),
        decode_ns=median(decode_ns),
        decode_runs=len(decode_ns),
        quality=_quality(image, made),
        jpeg=jpeg,
        jpeg_quality=_quality(image, jpeg.pixels),
    )


def difference(original: np.ndarray, reconstruction: np.ndarray) -> np.ndarray:
    """How far pixels are apart, times DIFFERENCE_GAIN, uint8 of the same shape; black where they are equal."""
    apart = np.abs(original.astype(np.int16) - reconstruction.astype(np.int16))
    return np.minimum(apart * DIFFERENCE_GAIN, 255).astype(np.uint8)


@lru_cache(maxsize=4)
def _encoder(folder: Path, sha256: str, variant: str) -> Encoder | PhotoEncoder:
    # The digest is of the key: a bundle that was exported again is loaded again.
    return load_encoder(read_choice(folder).bundle, variant)


def _measured(call: Callable[[], Made]) -> tuple[Made, list[int]]:
    """What it returns, and the nanoseconds of each run after the first."""
    result, spent = call(), []
    while len(spent) < _RUNS and sum(spent) < _ENOUGH_NS:
        spent.append(timed(call)[1])
    return result, spent


def _quality(original: np.ndarray, made: np.ndarray) -> Quality:
    return Quality(psnr_db(original, made), ssim(original, made) if min(original.shape[:2]) >= _WINDOW else None)
