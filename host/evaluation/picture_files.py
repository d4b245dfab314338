"""Turns what a run's rows made of the first images into files for people to look at, and says what each file is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from device.files import json_bytes
from host.curves.image_codecs import lossless_webp
from host.data.split import Split
from host.evaluation.tally import PICTURES, MadeRow, shown_part
from host.kept_pictures import INDEX, KeptPicture, KeptPictures, ModelPictures, Shown, as_document
from host.metrics import Metric, only

if TYPE_CHECKING:
    from host.tasks.pictures import Baseline
    from host.tasks.task import Decoders

_LARGEST_SEARCH = 1 << 20  # pixels: of so many, the search for a WebP of equal bytes takes a second for each row
_LONGEST_STEM = 120  # characters: a name is at most 150 (`device.files.NAME`)


@dataclass(frozen=True)
class MadePictures:
    """The pictures that a model's rows made.

    Attributes:
        decoders: what makes the truths and the baselines; of several variants, those of any.
        given: what the device was given.
        originals: what that was made of, as `Decoders.truths` takes it.
    """

    model: str
    metrics: tuple[Metric, ...]
    decoders: Decoders
    given: Split
    originals: Split
    rows: tuple[MadeRow, ...]


class PictureFiles:
    """The files of one run's pictures: names that differ, and their bytes."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}
        self._names: dict[tuple[str, int, bytes], str] = {}

    def add(self, model: str, index: int, parts: Sequence[str], suffix: str, data: bytes) -> str:
        """The name of a file of these bytes, such as "photo.0.int8_q0-tuned.webp"; new where the image has none yet.

        float32 and float16 often make equal pictures, and small budgets equal JPEGs: one file holds them.
        """
        key = model, index, data
        if key not in self._names:
            stem = re.sub(r"[^A-Za-z0-9._-]+", "-", ".".join([model, str(index), *parts]))[:_LONGEST_STEM]
            names = (f"{stem}{suffix}" if number == 1 else f"{stem}-{number}{suffix}" for number in count(1))
            self._names[key] = next(name for name in names if name not in self._files)
            self._files[self._names[key]] = data
        return self._names[key]

    def folder(self, models: Mapping[str, ModelPictures]) -> dict[str, bytes]:
        """All files by name, the index among them; nothing where no model made a picture."""
        if not models:
            return {}
        return {**self._files, INDEX: json_bytes(as_document(KeptPictures(models)))}


def index_pictures(made: MadePictures, files: PictureFiles) -> ModelPictures:
    """Adds a model's pictures to the files, with the baselines beside them, and says what they are."""
    given = made.given.part(None, PICTURES).pictures
    truths = made.decoders.truths(made.originals.part(None, PICTURES))
    assert truths is not None  # what pictures should be is made of the originals, which are at hand
    images = [_Image(made, files, index, *pair) for index, pair in enumerate(zip(given, truths, strict=True))]
    remarks = (made.decoders.remark,) if made.decoders.remark else ()
    return ModelPictures(tuple(image.picture() for image in images), remarks)


@dataclass(frozen=True)
class _Image:
    """One image: what the device was given of it, and what should come of that."""

    made: MadePictures
    files: PictureFiles
    index: int
    given: np.ndarray
    truth: Any

    def picture(self) -> KeptPicture:
        original = shown_part(self.truth)
        height, width = original.shape[:2]
        is_part = original.shape != self.truth.shape
        return KeptPicture(
            index=self.index,
            width=width,
            height=height,
            original=self._file((), ".webp", lossless_webp(original)),
            middle_of=(self.truth.shape[1], self.truth.shape[0]) if is_part else None,
            shown=tuple(self._shown()),
        )

    def _shown(self) -> Iterator[Shown]:
        free = {each.row: each for each in self.made.decoders.baselines(self.given, None)}
        done: set[int] = set()
        searched = self.given.shape[0] * self.given.shape[1] <= _LARGEST_SEARCH
        for row in self.made.rows:
            stream_bytes = row.stream_bytes[self.index]
            file = self._file((row.row,), ".webp", lossless_webp(row.pictures[self.index]))
            yield Shown(row.row, file, stream_bytes, self._values(row.judged[self.index]))
            if searched and stream_bytes not in done:
                done.add(stream_bytes)
                for baseline in self.made.decoders.baselines(self.given, stream_bytes):
                    if baseline.row not in free:
                        yield self._baseline(baseline, row.row)
        for baseline in free.values():
            yield self._baseline(baseline, None)

    def _baseline(self, baseline: Baseline, beside: str | None) -> Shown:
        data = baseline.encode()
        made = baseline.decode(data)
        part = shown_part(made)
        suffix, content = baseline.suffix, data
        # Beside the middle of a picture, a file of all of it would show something else.
        if suffix is None or part.shape != made.shape:
            suffix, content = ".webp", lossless_webp(part)
        return Shown(
            baseline.row,
            self._file([baseline.row] if beside is None else [beside, baseline.row], suffix, content),
            len(data),
            self._values(self.made.decoders.judge(self.truth, made)),
            beside,
            baseline.title,
            baseline.remarks,
        )

    def _values(self, judged: Mapping[str, float | None]) -> dict[str, float]:
        return {key: value for key, value in only(self.made.metrics, judged).items() if value is not None}

    def _file(self, parts: Sequence[str], suffix: str, data: bytes) -> str:
        return self.files.add(self.made.model, self.index, parts, suffix, data)
