"""Decodes and judges what one variant sent, a few images at a time, and makes a row for each of its decoders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from device.errors import BitstreamError
from device.stream import HEADER_BYTES, unpack
from host.data.fitting import Shape
from host.data.split import Split
from host.drawing import middle
from host.evaluation.receiver import Receiver
from host.metrics import BPP, latent_ratios, mean_bpp, means, only, ratio
from host.quantization.recipes import DEFAULTS
from host.results import ORIGINALS, Latency, Row

CODED = "latent_bytes"  # among the sizes of what was entropy-coded
_AT_ONCE = 64  # images, or as many as have so many pixels: of large photographs only a few are in memory
_PIXELS = 1 << 22
PICTURES = 8  # images whose pictures are kept for people to look at,
_PICTURE_SIDE = 512  # and at most so much of each, from its middle


@dataclass(frozen=True)
class MadeRow:
    """What one row made of the images.

    Attributes:
        pictures: the parts to show of the first images' pictures, see `shown_part`.
        judged: each image's values.
        stream_bytes: of each image's stream.
    """

    row: str
    pictures: Sequence[np.ndarray]
    judged: Sequence[Mapping[str, float | None]]
    stream_bytes: Sequence[int]


def portions(split: Split) -> Iterator[tuple[slice, Split]]:
    """Images that are worked on together, read into memory, with their place among all."""
    some: list[np.ndarray] = []
    pixels = 0
    for stop, image in enumerate(split.pictures, 1):
        some.append(image)
        pixels += image.shape[0] * image.shape[1]
        if len(some) == _AT_ONCE or pixels > _PIXELS or stop == len(split):
            place = slice(stop - len(some), stop)
            yield place, Split(some, None if split.labels is None else split.labels[place])
            some, pixels = [], 0


def shape_of(image: np.ndarray) -> Shape:
    """(height, width, channels)."""
    height, width, channels = image.shape
    return height, width, channels


def in_order(family: str, quality: int | None) -> tuple[int, str, int]:
    """What variants are sorted by: the default ones first, the qualities of one family together."""
    order = list(DEFAULTS)
    return order.index(family) if family in order else len(order), family, quality or 0


class Tally:
    """Collects what becomes of one variant's streams.

    Attributes:
        pictures: by row, the parts to show of the first pictures, the "originals" among them; empty where there are
            none.
        judged: by row, each image's values, in the order of the images; empty where nothing is judged.
    """

    def __init__(self, receiver: Receiver) -> None:
        """Raises CollectError: a decoder's file is missing or damaged."""
        self.task, self.home, self.decoders = receiver.task, receiver.folder, receiver.decoders
        self.sizes = {name: self.decoders.sizes(name) for name in self.decoders.names}
        self.pictures: dict[str, list[np.ndarray]] = {}
        self.judged: dict[str, list[Mapping[str, float | None]]] = {}
        self._counts: list[int] = []
        self._shapes: list[Shape] = []

    def add(self, streams: Sequence[bytes], shapes: Sequence[Shape], truths: Sequence[Any] | None) -> list[np.ndarray]:
        """Decodes some more streams and judges what each decoder makes of them.

        Args:
            shapes: of the images, (height, width, channels).
            truths: as `Decoders.truths` gives them; None where they are not at hand: then nothing is judged.

        Returns:
            The numbers that the device sent, an array an image.

        Raises:
            BitstreamError: a damaged stream, or one of another tag or image size; says which image.
        """
        numbers = []
        for stream, shape in zip(streams, shapes, strict=True):
            try:
                numbers.append(self._numbers(stream, shape))
            except BitstreamError as error:
                raise BitstreamError(f"image {len(self._counts) + len(numbers)}: {error}") from None
        self._counts += map(len, streams)
        self._shapes += shapes
        if truths is not None:
            if self.decoders.makes_pictures:
                _keep(self.pictures.setdefault(ORIGINALS, []), truths)
            for name in self.decoders.names:
                made = self.decoders.restore(name, numbers, [shape[:2] for shape in shapes])
                judged = [self.decoders.judge(*pair) for pair in zip(truths, made, strict=True)]
                self.judged.setdefault(self._label(name), []).extend(judged)
                if self.decoders.makes_pictures:
                    _keep(self.pictures.setdefault(self._label(name), []), made)
        return numbers

    def made(self) -> list[MadeRow]:
        """The rows that made pictures, in the order of `Decoders.names`."""
        return [
            MadeRow(row, pictures, self.judged[row], self._counts)
            for row, pictures in self.pictures.items()
            if row != ORIGINALS
        ]

    def _numbers(self, stream: bytes, shape: Shape) -> np.ndarray:
        header, payload = unpack(stream, expect_tag=self.home.tag)
        if (header.height, header.width) != shape[:2]:
            raise BitstreamError(f"of {header.height} x {header.width} pixels, the image has {shape[0]} x {shape[1]}")
        return self.decoders.numbers(payload, header.height, header.width)

    def rows(self, sent_sizes: Mapping[str, float], latency: Mapping[str, Latency], source: str) -> list[Row]:
        """One row a decoder; without truths one row, since rate and times are the encoder's.

        Args:
            sent_sizes: means of what the device counted an image, such as "latent_bytes".
            latency: by part. A row of a further decoder has the device's alone.
        """
        stream_bytes = float(np.mean(self._counts))
        sizes = {**sent_sizes, "payload_bytes": stream_bytes - HEADER_BYTES, "bitstream_bytes": stream_bytes}
        rate, ratios = {}, {}
        if BPP in self.task.metrics:  # elsewhere what is sent stands for no image
            rate[BPP.key] = mean_bpp(self._counts, self._shapes)
            ratios["actual"] = ratio(self._shapes, stream_bytes)
        if "latent_bytes" in sizes:
            ratios |= latent_ratios(self._shapes, sizes["latent_bytes"])  # a code is one byte
        rows: list[Row] = []
        for name in self.decoders.names if self.judged else self.decoders.names[:1]:
            values = self.judged.get(self._label(name), ())
            metrics, perfect = means([only(self.task.metrics, each) for each in values])
            rows.append(
                Row(
                    self._label(name),
                    variant=self.home.variant,
                    family=self.home.family,
                    quality=self.home.quality,
                    decoder=name,
                    tag=self.home.tag,
                    metrics={**metrics, **rate},
                    perfect_images=perfect,
                    sizes={"network_bytes": self.home.network_bytes, **self.sizes[name], **sizes},
                    ratios=ratios,
                    latency={part: time for part, time in latency.items() if not rows or part == "device"},
                    source=source,
                )
            )
        return rows

    def _label(self, decoder: str) -> str:
        first = decoder == self.decoders.names[0]
        return self.home.variant if first else f"{self.home.variant}+{decoder}"


def shown_part(picture: np.ndarray) -> np.ndarray:
    """What people are shown of a picture (height, width, channels): all of it, or the middle of a large one."""
    return middle(picture, _PICTURE_SIDE, _PICTURE_SIDE)


def _keep(kept: list[np.ndarray], made: Sequence[np.ndarray]) -> None:
    kept += [shown_part(each) for each in made[: PICTURES - len(kept)]]
