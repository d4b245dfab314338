"""A folder of the user's own images: found, checked, split."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from device.errors import one_line
from device.files import read_json, write_json
from host.data.archive import cache_folder
from host.errors import DataError
from host.progress import say

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
SPLITS = {"train": ("train", "training"), "validation": ("val", "valid", "validation"), "test": ("test", "testing")}
MOST_DAMAGED = 0.1  # of the files; with more the folder is not what was meant
_NAMED = 20  # damaged files that are named one by one


@dataclass(frozen=True)
class FolderFiles:
    """The files of each split, and the sha256 over their names and contents."""

    train: tuple[Path, ...]
    validation: tuple[Path, ...]
    test: tuple[Path, ...]
    digest: str


def find_files(folder: Path, validation: int) -> FolderFiles:
    """The readable images below a folder, whatever the depth; the damaged ones are named on stderr and left out.

    Folders train/, val/ and test/ are the splits where they are there. A split that is not is taken from the training
    images, `validation` of them, in an order that a fixed seed decides.

    Raises:
        DataError: no such folder, no images, more than a tenth of them damaged, too few for the splits.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; data.path is absolute, or below --data-dir")
    good, digest = list_images(folder)
    splits = {split: [path for path in good if _split(path, folder) == split] for split in SPLITS}
    rest = splits["train"] or [path for path in good if _split(path, folder) is None]
    order = np.random.default_rng(0).permutation(len(rest))
    rest = [rest[index] for index in order]
    for split in ("validation", "test"):
        if not splits[split]:
            splits[split], rest = rest[:validation], rest[validation:]
    if not rest:
        raise DataError(
            f"{folder}: {len(good)} images leave none to train on, data.validation takes {validation} for each split "
            "that has no folder; lower it"
        )
    return FolderFiles(tuple(rest), tuple(splits["validation"]), tuple(splits["test"]), digest)


def list_images(folder: Path) -> tuple[list[Path], str]:
    """The readable images below a folder by name, and the digest of all; the damaged ones are named on stderr.

    Raises:
        DataError: no such folder, no images, more than a tenth of them damaged.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder of images")
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if not paths:
        raise DataError(f"{folder}: no images here; looked for {', '.join(SUFFIXES)} in it and below")
    damaged, digest = _checked(folder, paths)
    _name(damaged, len(paths), folder)
    return [path for path in paths if str(path.relative_to(folder)) not in damaged], digest


def _split(path: Path, folder: Path) -> str | None:
    top = path.relative_to(folder).parts[0].lower()
    return next((split for split, names in SPLITS.items() if top in names and path.parent != folder), None)


def _checked(folder: Path, paths: Sequence[Path]) -> tuple[dict[str, str], str]:
    """What is wrong with the damaged ones, by name, and the digest; both kept until a file changes."""
    listing = hashlib.sha256(str(folder.resolve()).encode())
    for path in paths:
        status = path.stat()
        listing.update(f"{path.relative_to(folder)}:{status.st_size}:{status.st_mtime_ns}\n".encode())
    kept = cache_folder() / "folders" / f"{listing.hexdigest()[:32]}.json"
    if kept.is_file():
        value = read_json(kept, DataError)
        return value["damaged"], value["sha256"]
    digest, damaged = hashlib.sha256(), {}
    with ThreadPoolExecutor() as pool:
        for path, (sha256, reason) in zip(paths, pool.map(_look, paths)):
            name = str(path.relative_to(folder))
            digest.update(f"{name} {sha256}\n".encode())
            if reason:
                damaged[name] = reason
    write_json(kept, {"damaged": damaged, "sha256": digest.hexdigest()})
    return damaged, digest.hexdigest()


def _look(path: Path) -> tuple[str, str]:
    """sha256 of a file, and what is wrong with it or ""."""
    content = path.read_bytes()
    reason = ""
    try:
        with Image.open(path) as image:
            image.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        reason = one_line(error).replace(str(path), "the file") or type(error).__name__
    return hashlib.sha256(content).hexdigest(), reason


def _name(damaged: dict[str, str], count: int, folder: Path) -> None:
    if len(damaged) > MOST_DAMAGED * count:
        name, reason = next(iter(damaged.items()))
        raise DataError(
            f"{folder}: {len(damaged)} of {count} images cannot be read, the first is {name} ({reason}); "
            "remove or replace them"
        )
    for name, reason in list(damaged.items())[:_NAMED]:
        say(f"{folder / name}: left out: not a readable image ({reason})")
    if len(damaged) > _NAMED:
        say(f"{folder}: {len(damaged) - _NAMED} more left out")
