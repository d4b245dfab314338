"""pictures/pictures.json: the index of what collect keeps of a run for people to look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from device.errors import SplitliteError
from device.files import plain_name
from device.records import as_json
from host.documents import read_versioned
from host.errors import ReportError

FORMAT_VERSION = 1
FOLDER = "pictures"  # in the folder of a collected run; all files of the index lie in it
INDEX = "pictures.json"


@dataclass(frozen=True)
class Shown:
    """What one row, or a baseline, made of one image.

    Attributes:
        row: as results name it, such as "int8_q0+tuned", "jpeg" or "bicubic".
        file: lossless WebP, or the baseline's own file (JPEG or WebP). Rows of equal pictures share a file.
        bytes: of the stream that the device sent for this image; of a baseline: that it would send.
        values: of the task's metrics by key, of the whole image; what has no value is absent, such as the PSNR of a
            perfect picture.
        beside: of a baseline that was set to a row's bytes: that row. Of several rows of equal bytes it is the first;
            `KeptPicture.baselines` knows.
        title: of a baseline, such as "JPEG, quality 4".
        remarks: sentences on a baseline.
    """

    row: str
    file: str
    bytes: int
    values: Mapping[str, float] = field(default_factory=dict)
    beside: str | None = None
    title: str | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class KeptPicture:
    """One image, and what became of it.

    Attributes:
        index: its place among the images of the run, from 0.
        width, height: of its files, in pixels.
        original: the file of what the pictures should be, lossless WebP.
        middle_of: width and height of the whole image, where the files hold the middle of it.
        shown: a row, what stands beside it, the next row, ...; baselines that need no bytes come last.
    """

    index: int
    width: int
    height: int
    original: str
    middle_of: tuple[int, int] | None = None
    shown: tuple[Shown, ...] = ()

    def rows(self) -> tuple[Shown, ...]:
        """What is no baseline at a row's bytes: the rows, and baselines that need no bytes."""
        return tuple(each for each in self.shown if each.beside is None)

    def baselines(self, row: str) -> tuple[Shown, ...]:
        """What stands beside a row: the baselines that were set to its bytes; () where there are none."""
        same = {each.bytes for each in self.rows() if each.row == row}
        first = next((each.row for each in self.rows() if each.bytes in same), row)
        return tuple(each for each in self.shown if each.beside == first)


@dataclass(frozen=True)
class ModelPictures:
    """The first images of a run with one model.

    Attributes:
        remarks: sentences that the pictures and their values must not be shown without.
    """

    pictures: tuple[KeptPicture, ...]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class KeptPictures:
    """All pictures of a run, by model; models that make none are absent."""

    models: Mapping[str, ModelPictures]


def as_document(pictures: KeptPictures) -> dict[str, Any]:
    """What the index file holds."""
    return {"format_version": FORMAT_VERSION, **as_json(pictures)}


def read_pictures(path: Path, error: type[SplitliteError] = ReportError) -> KeptPictures:
    """Reads the index.

    Args:
        path: the file, <run>/pictures/pictures.json. A run without pictures has none.

    Raises:
        error: missing, damaged or of another version, or a file's name that would leave the folder.
    """
    pictures = read_versioned(KeptPictures, path, FORMAT_VERSION, "index of pictures", error)
    for name in _files(pictures):
        plain_name(name, str(path), error)
    return pictures


def _files(pictures: KeptPictures) -> Iterator[str]:
    for model in pictures.models.values():
        for picture in model.pictures:
            yield picture.original
            yield from (each.file for each in picture.shown)
