"""Decodes bitstream files that `python -m device encode` wrote to PNG files."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from device.errors import BitstreamError
from device.files import read_bytes, write_bytes
from device.image_file import read_image
from device.run_file import FILE_NAME as RUN_FILE
from device.stream import unpack
from host.curves.image_codecs import as_picture
from host.errors import CollectError
from host.evaluation.receiver import Receiver, find_receiver
from host.metrics import BPP, Metric, bits_per_pixel, words
from host.packaging.decoders import BUILD

if TYPE_CHECKING:
    from host.tasks.task import Task

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
        values: of the task's metrics, by key; None where nothing differs, empty without an original.
        metrics: what these mean.
    """

    path: Path
    model: str
    variant: str
    decoder: str
    shape: tuple[int, ...]
    bitstream_bytes: int
    bpp: float
    values: Mapping[str, float | None] = field(default_factory=dict)
    metrics: tuple[Metric, ...] = ()

    def text(self) -> str:
        """All of it in one line."""
        height, width = self.shape[:2]
        text = (
            f"{self.path}: {height} x {width} pixels, {self.model} {self.variant}, {self.decoder} decoder; "
            f"{self.bitstream_bytes} bytes"
        )
        if BPP in self.metrics:  # elsewhere what is sent stands for no image
            text += f", {self.bpp:.3f} bpp"
        return f"{text}; {words(self.metrics, self.values)}" if self.values else text


def decode(
    files: Sequence[Path],
    output: Path,
    tasks: Mapping[str, Task],
    decoder: str = "own",
    original: Path | None = None,
    build: Path = BUILD,
) -> list[Decoded]:
    """Decodes bitstream files. All are checked before the first PNG is written, and each is written whole.

    The arguments are those of `host.api.decode`.

    Raises:
        BitstreamError: a file that is no bitstream, or a damaged one.
        CollectError: no decoder for it, or the output cannot be written.
        ImageError: the original cannot be read.
    """
    jobs = list(zip(files, _targets(files, output), strict=True))
    image = None if original is None else read_image(original)
    ready = [(target, *_read(file, decoder, tasks, build)) for file, target in jobs]
    found = []
    for target, stream, receiver in ready:
        made = receiver.picture(stream, decoder)
        truth = None if image is None else receiver.given_and_truth(image)[1]
        if image is not None and truth is not None and truth.shape != made.shape:
            raise CollectError(f"{original}: {image.shape}, the bitstream is of an image {made.shape}")
        write_png(target, made)
        found.append(
            Decoded(
                target,
                receiver.folder.model,
                receiver.folder.variant,
                decoder,
                made.shape,
                len(stream),
                bits_per_pixel(len(stream), made.shape),
                {} if truth is None else receiver.decoders.judge(truth, made),
                receiver.task.metrics,
            )
        )
    return found


def write_png(path: Path, image: np.ndarray) -> None:
    """Writes uint8 (height, width, 1 or 3) as a PNG, whole; raises CollectError."""
    buffer = io.BytesIO()
    as_picture(image).save(buffer, format="png")
    try:
        write_bytes(path, buffer.getvalue())
    except OSError as reason:
        raise CollectError(f"{path}: cannot be written ({reason.strerror})") from None


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


def _read(file: Path, decoder: str, tasks: Mapping[str, Task], build: Path) -> tuple[bytes, Receiver]:
    stream = read_bytes(file, CollectError)
    if (file.parent / RUN_FILE).is_file():
        raise CollectError(f"{file}: the outputs of a run, many bitstreams; `host collect {file.parent}` decodes them")
    try:
        header, payload = unpack(stream)
        receiver = find_receiver(build, header.tag, tasks)
        receiver.check(decoder)
        receiver.decoders.numbers(payload, header.height, header.width)
    except (BitstreamError, CollectError) as error:
        raise type(error)(f"{file}: {error}") from None
    return stream, receiver
