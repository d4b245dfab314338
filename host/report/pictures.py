"""The pictures of a report: what a device's bitstreams became, beside JPEG and WebP at equal bytes, within a budget."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from PIL import Image

from host.errors import ReportError
from host.kept_pictures import FOLDER, INDEX, KeptPicture, KeptPictures, Shown, read_pictures
from host.metrics import words
from host.report.entries import Entry
from host.report.sources import ModelSources

# Of all files of a report together. Lossless pictures are large, and a page of some megabytes still travels by mail.
BUDGET_BYTES = 1_400_000
_PICTURES, _ROWS = 4, 8  # of a model, at most
_SMALL_BYTES = 100_000  # of all pictures of a model: so few are not cut
ORIGINAL = "original"
_TYPES = {".webp": "image/webp", ".jpg": "image/jpeg", ".png": "image/png"}


@dataclass(frozen=True)
class Made:
    """One picture as it is offered.

    Attributes:
        row: whose; of a baseline its own.
        file: in the run's folder of pictures.
        title: for a list to choose from.
        text: with bytes and values.
        beside: of a baseline at equal bytes: the row.
        variant: whether a variant made it.
    """

    row: str
    file: str
    title: str
    text: str
    beside: str | None = None
    variant: bool = False


@dataclass(frozen=True)
class ShownPicture:
    """One image, the original first among what was made of it; `width`, `height` in pixels."""

    width: int
    height: int
    made: tuple[Made, ...]


@dataclass(frozen=True)
class Gallery:
    """The pictures of one model in one run.

    Attributes:
        folder: where the files lie.
        run: the id of the run.
        note: sentences that they must not be shown without.
    """

    folder: Path
    run: str
    pictures: tuple[ShownPicture, ...]
    note: str

    def files(self) -> list[str]:
        """The files, each once."""
        return list(dict.fromkeys(made.file for picture in self.pictures for made in picture.made))


def gallery(model: ModelSources, entries: Sequence[Entry], left_out: list[str]) -> Gallery | None:
    """The first pictures of a model in the newest run that kept pictures.

    Args:
        entries: whose pictures are wanted, in their order.
        left_out: gets a line where the index cannot be read.
    """
    stored = next((each.stored for each in model.runs if (each.stored.folder / FOLDER / INDEX).is_file()), None)
    if stored is None:
        return None
    folder = stored.folder / FOLDER
    try:
        found = _index(folder / INDEX, (folder / INDEX).stat().st_mtime_ns).models.get(model.name)
    except ReportError as error:
        left_out.append(str(error))
        return None
    if not found or not found.pictures:
        return None
    pictures = tuple(_picture(picture, model, entries) for picture in found.pictures[:_PICTURES])
    for name in dict.fromkeys(made.file for picture in pictures for made in picture.made):
        try:
            with Image.open(folder / name) as opened:
                opened.verify()
        except (OSError, SyntaxError) as error:  # what Pillow raises for damaged files, PNG's among them
            left_out.append(f"{folder / name}: no picture ({error}); make it again with `host collect {stored.folder}`")
            return None
    note = " ".join([*_notes(found.pictures[0], stored.run.run_id), *found.remarks])
    return Gallery(folder, stored.run.run_id, pictures, note)


def within_budget(galleries: Mapping[str, Gallery], budget: int = BUDGET_BYTES) -> dict[str, Gallery]:
    """The galleries, cut to a number of bytes that they share.

    The first picture of each comes before the second of any large one. Where even these are too much, who needs less
    leaves more to the others, and rows go from the end; the original and one row always stay.
    """
    first = {
        name: each if _bytes(each) <= _SMALL_BYTES else replace(each, pictures=each.pictures[:1])
        for name, each in galleries.items()
    }
    found = {}
    left = budget
    for place, name in enumerate(sorted(first, key=lambda name: _bytes(first[name]))):
        found[name] = _cut(first[name], left // (len(first) - place))
        left -= _bytes(found[name])
    for name in sorted(found, key=lambda name: _bytes(found[name])):
        for picture in galleries[name].pictures[len(found[name].pictures) :] if found[name] == first[name] else ():
            more = replace(found[name], pictures=(*found[name].pictures, picture))
            if (added := _bytes(more) - _bytes(found[name])) > left:
                break
            found[name], left = more, left - added
    return found


def first_row(picture: ShownPicture) -> str | None:
    """The row that is shown first: int8, else the middle one of the variants; None without variants."""
    rows = [made.row for made in picture.made if made.variant]
    return "int8" if "int8" in rows else rows[len(rows) // 2] if rows else None


def strip(found: Gallery) -> list[Made]:
    """What is shown of the first picture where nothing can be chosen: the original, a row, what stands beside it."""
    made = found.pictures[0].made
    first = first_row(found.pictures[0])
    return [made[0], *(each for each in made[1:] if first is not None and first in (each.row, each.beside))]


def picture_bytes(path: Path) -> bytes:
    """A picture's file; raises ReportError where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ReportError(f"{path}: cannot be read ({error.strerror}); make it again with `host collect`") from None


def data_uri(path: Path) -> str:
    """A picture's file as a page embeds it; raises ReportError where it cannot be read."""
    return f"data:{_TYPES.get(path.suffix, 'image/png')};base64,{base64.b64encode(picture_bytes(path)).decode()}"


@lru_cache(maxsize=4)
def _index(path: Path, changed_ns: int) -> KeptPictures:
    """Read once for all models of a run; `changed_ns`: when the file was written, so that a new one is read."""
    return read_pictures(path)


def _picture(picture: KeptPicture, model: ModelSources, entries: Sequence[Entry]) -> ShownPicture:
    rows = {each.row: each for each in picture.rows()}
    made = [Made(ORIGINAL, picture.original, "the original", "the original")]
    for entry in [each for each in entries if each.name in rows][:_ROWS]:
        if entry.is_variant:
            own = rows.pop(entry.name)
            made.append(replace(_made(own, model, None), variant=True))
            made += [_made(each, model, entry.name) for each in picture.baselines(entry.name)]
    # What needs no bytes, such as an enlargement; other rows are in the run's folder.
    known = {entry.name for entry in model.entries if entry.is_variant}
    made += [_made(each, model, None) for name, each in rows.items() if name not in known]
    return ShownPicture(picture.width, picture.height, tuple(made))


def _made(shown: Shown, model: ModelSources, beside: str | None) -> Made:
    name = shown.title or shown.row
    count = f"{shown.bytes:,} bytes"
    title = f"{name}, {count}" if beside is None else f"{name}, at the bytes of {beside}"
    values = words(model.metrics, {**shown.values})
    # Remarks are sentences; what stands beside this text sets its own end.
    remarks = "".join(f" ({remark.rstrip('.')})" for remark in shown.remarks)
    return Made(shown.row, shown.file, title, f"{name}: {count}{f', {values}' if values else ''}{remarks}", beside)


def _notes(picture: KeptPicture, run: str) -> list[str]:
    notes = [f"Made of what the device sent in run {run}. The values are of these images alone."]
    if picture.middle_of:
        width, height = picture.middle_of
        notes.append(
            f"Shown is the middle of images of up to {width} x {height} pixels; bytes and values are of all of it."
        )
    return notes


def _bytes(found: Gallery) -> int:
    return sum((found.folder / name).stat().st_size for name in found.files() if (found.folder / name).is_file())


def _cut(found: Gallery, budget: int) -> Gallery:
    while _bytes(found) > budget and (shorter := _without_last_row(found.pictures[0])):
        found = replace(found, pictures=(shorter,))
    return found


def _without_last_row(picture: ShownPicture) -> ShownPicture | None:
    rows = [made.row for made in picture.made[1:] if made.beside is None]
    if len(rows) < 2:
        return None
    kept = tuple(made for made in picture.made if rows[-1] not in (made.row, made.beside))
    return replace(picture, made=kept)
