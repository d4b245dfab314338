"""Bitstream files that `python -m device encode` wrote, back to PNG files."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from device.errors import BitstreamError
from device.files import read_bytes, write_bytes
from device.image_file import read_image
from device.run_file import FILE_NAME as RUN_FILE
from device.stream import unpack
from host.errors import CollectError
from host.evaluation.decoders import Decoders, find
from host.metrics import bits_per_pixel, psnr_db, ssim
from host.packaging.decoders import BUILD

SUFFIX = ".png"


@dataclass(frozen=True)
class Decoded:
    """One file.

    Attributes:
        path: the PNG that was written.
        model, variant, decoder: what decoded it.
        shape: (height, width, channels).
        bitstream_bytes: header included.
        bpp: bits per pixel.
        psnr_db: to the original; None without one, and where nothing differs.
        ssim: to the original; None without one.
    """

    path: Path
    model: str
    variant: str
    decoder: str
    shape: tuple[int, ...]
    bitstream_bytes: int
    bpp: float
    psnr_db: float | None = None
    ssim: float | None = None

    def text(self) -> str:
        """All of it in one line."""
        height, width = self.shape[:2]
        text = (
            f"{self.path}: {height} x {width} pixels, {self.model} {self.variant}, {self.decoder} decoder; "
            f"{self.bitstream_bytes} bytes, {self.bpp:.3f} bpp"
        )
        if self.ssim is None:
            return text
        psnr = "equal to the original" if self.psnr_db is None else f"PSNR {self.psnr_db:.2f} dB"
        return f"{text}; {psnr}, SSIM {self.ssim:.4f}"


@dataclass(frozen=True)
class _Job:
    stream: bytes
    target: Path
    decoders: Decoders
    codes: np.ndarray
    shape: tuple[int, int, int]


def decode(
    files: Sequence[Path], output: Path, decoder: str = "own", original: Path | None = None, build: Path = BUILD
) -> list[Decoded]:
    """Decodes bitstream files. All are checked before the first PNG is written, and each is written whole.

    Args:
        files: one bitstream each, of any model that was exported here.
        output: the PNG's name for one file; a folder for several, or where it is one already.
        decoder: "own" or "tuned".
        original: the image that the only file was made of, for PSNR and SSIM.
        build: where export left the decoders.

    Raises:
        BitstreamError: a file that is no bitstream, or a damaged one.
        CollectError: no decoder for it, or the output cannot be written.
        ImageError: the original cannot be read.
    """
    targets = _targets(files, output)
    jobs = [_read(file, target, decoder, build) for file, target in zip(files, targets, strict=True)]
    image = None if original is None else read_image(original)
    if image is not None and image.shape != jobs[0].shape:
        raise CollectError(f"{original}: {image.shape}, the bitstream is of an image {jobs[0].shape}")
    return [_decode(job, decoder, image) for job in jobs]


def _targets(files: Sequence[Path], output: Path) -> list[Path]:
    if len(files) == 1 and not output.is_dir():
        if output.suffix.lower() != SUFFIX:
            raise CollectError(f"{output}: what is written is a PNG; give it a name that ends with {SUFFIX}")
        return [output]
    if output.exists() and not output.is_dir():
        raise CollectError(f"{output}: a file; for several bitstreams give a folder")
    targets = [output / f"{file.stem}{SUFFIX}" for file in files]
    for index, target in enumerate(targets):
        if target in targets[:index]:
            raise CollectError(f"{target}: two of the bitstreams would be written there; decode them one by one")
    return targets


def _read(file: Path, target: Path, decoder: str, build: Path) -> _Job:
    stream = read_bytes(file, CollectError)
    if (file.parent / RUN_FILE).is_file():
        raise CollectError(f"{file}: the outputs of a run, many bitstreams; host collect {file.parent} decodes them")
    try:
        header, payload = unpack(stream)
        decoders = find(build, header.tag)
        codes = decoders.codes(payload, header.height, header.width)
    except (BitstreamError, CollectError) as error:
        raise type(error)(f"{file}: {error}") from None
    if decoder not in decoders.names:
        raise CollectError(
            f"{file}: {decoders.value['model']} {decoders.value['variant']} has no {decoder} decoder; "
            f"there is: {', '.join(decoders.names)}"
        )
    return _Job(stream, target, decoders, codes, (header.height, header.width, decoders.value["image"]["channels"]))


def _decode(job: _Job, decoder: str, original: np.ndarray | None) -> Decoded:
    value = job.decoders.value
    image = job.decoders.images(decoder, job.codes[None], *job.shape[:2])[0]
    buffer = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(buffer, format="png")
    try:
        write_bytes(job.target, buffer.getvalue())
    except OSError as reason:
        raise CollectError(f"{job.target}: cannot be written ({reason.strerror})") from None
    return Decoded(
        path=job.target,
        model=value["model"],
        variant=value["variant"],
        decoder=decoder,
        shape=image.shape,
        bitstream_bytes=len(job.stream),
        bpp=bits_per_pixel(len(job.stream), image.shape),
        psnr_db=None if original is None else psnr_db(original, image),
        ssim=None if original is None else ssim(original, image),
    )
