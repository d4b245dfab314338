"""Folders of the user's own images: found, checked, split, labelled."""

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
from host.cache import cache_folder
from host.errors import DataError
from host.progress import say
from host.spec.types import FolderPath

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
SPLITS = {"train": ("train", "training"), "validation": ("val", "valid", "validation"), "test": ("test", "testing")}
MOST_DAMAGED = 0.1  # of the files; with more the folder is not what was meant
_NAMED = 20  # damaged files that are named one by one


@dataclass(frozen=True)
class ImageFile:
    """One image, at one scale.

    Attributes:
        weight: how much more often than elsewhere a pixel of it is drawn.
        split: a key of `SPLITS`, where its folder says it.
        kind: the class, where the image lies in a folder of its split; "" elsewhere.
        size: height and width in pixels, before it is scaled.
    """

    path: Path
    size: tuple[int, int]
    scale: float = 1.0
    weight: float = 1.0
    split: str | None = None
    kind: str = ""


@dataclass(frozen=True)
class FolderFiles:
    """The files of each split, the classes, and the sha256 over all names and contents."""

    train: tuple[ImageFile, ...]
    validation: tuple[ImageFile, ...]
    test: tuple[ImageFile, ...]
    classes: tuple[str, ...]
    digest: str

    def labels(self, files: Sequence[ImageFile]) -> np.ndarray | None:
        """int64 (count,), indices of `classes`; None where there are none."""
        return np.array([self.classes.index(file.kind) for file in files], np.int64) if self.classes else None


def find_files(
    paths: Sequence[FolderPath], validation: int | tuple[str, ...], test: str, data_folder: Path | None
) -> FolderFiles:
    """The readable images below folders, whatever the depth; the damaged ones are named on stderr and left out.

    Folders train/, val/ and test/ are the splits where they are there. A split that is not is taken from the training
    images: `validation` of them, in an order that a fixed seed decides, or those that are named. Where every image of
    a split lies in a folder, these folders are the classes.

    Args:
        validation: how many, or names of files directly in the first folder.
        test: the folder of the test images; "" takes them from the others.
        data_folder: what relative paths are below.

    Raises:
        DataError: no such folder, no images, more than a tenth of them damaged, too few for the splits.
    """
    found = [_entries(path, data_folder) for path in paths]
    found += [_entries(FolderPath(test), data_folder)] if test else []
    files = [file for entries, _ in found[: len(paths)] for file in entries]
    splits = {split: [file for file in files if file.split == split] for split in SPLITS}
    rest = splits["train"] or [file for file in files if file.split is None]
    splits["test"] = found[-1][0] if test else splits["test"]
    left = list(dict.fromkeys(file.path for file in rest))
    aside: dict[str, list[Path]] = {}
    if isinstance(validation, tuple):
        aside["validation"] = sorted((data_folder or Path()) / paths[0].path / name for name in validation)
        missing = set(aside["validation"]).difference(left)
        if missing:
            raise DataError(f"{min(missing).parent}: data.validation names {min(missing).name}, which is not there")
        left = [path for path in left if path not in aside["validation"]]
    else:
        left = [left[index] for index in np.random.default_rng(0).permutation(len(left))]
        for split in ("validation", "test"):
            if not splits[split]:
                aside[split], left = left[:validation], left[validation:]
    if not left:
        raise DataError(
            f"{paths[0].path}: {len(files)} images leave none to train on, data.validation takes {validation} for each "
            "split that has no folder; lower it"
        )
    first = {file.path: file for file in reversed(rest)}  # an image that is listed at several scales
    splits |= {split: [first[path] for path in some] for split, some in aside.items()}
    places = {path: place for place, path in enumerate(left)}
    train = [file for file in rest if file.path in places]
    if isinstance(validation, int):
        train.sort(key=lambda file: places[file.path])
    parts = tuple(train), tuple(splits["validation"]), tuple(splits["test"])
    digests = [digest for _, digest in found]
    digest = digests[0] if len(digests) == 1 else hashlib.sha256(" ".join(digests).encode()).hexdigest()
    empty = {kind for path in paths for kind in _training_folders((data_folder or Path()) / path.path)}
    empty -= {file.kind for file in files}
    return FolderFiles(*parts, _classes(empty, *parts), digest)


def _entries(source: FolderPath, data_folder: Path | None) -> tuple[list[ImageFile], str]:
    folder = (data_folder or Path()) / source.path  # an absolute path stays as it is
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; data.path is absolute, or below --data-dir")
    sizes, digest = list_images(folder)
    files = []
    for path, size in sizes.items():
        parts = path.relative_to(folder).parts[:-1]
        split = next((split for split, names in SPLITS.items() if parts and parts[0].lower() in names), None)
        inner = parts[1:] if split else parts
        files.append(ImageFile(path, size, source.scale, source.weight, split, inner[0] if inner else ""))
    return files, digest


def _classes(empty: set[str], *splits: Sequence[ImageFile]) -> tuple[str, ...]:
    """The names of the training images' folders, in order; () where some image lies in no folder of these names.

    Args:
        empty: folders beside these that hold no image: classes without one.
    """
    kinds = {file.kind for file in splits[0]}
    fit = all(file.kind in kinds for files in splits for file in files)
    return tuple(sorted(kinds | empty)) if fit and "" not in kinds else ()


def _training_folders(folder: Path) -> list[str]:
    """The folders in which a folder's training images lie: those in its folder train/ where it has one."""
    inner = _inner_folders(folder)
    if train := [name for name in inner if name.lower() in SPLITS["train"]]:
        return _inner_folders(folder / train[0])
    return [name for name in inner if all(name.lower() not in names for names in SPLITS.values())]


def folder_labels(folder: Path, files: Sequence[Path], classes: Sequence[str]) -> np.ndarray | None:
    """The label of each image by the folder that it lies in, which is named after its class.

    Args:
        files: of `list_images`.
        classes: names of the labels.

    Returns:
        int64 (count,), indices of `classes`; None where all images lie in the folder itself.

    Raises:
        DataError: a folder that is no class or that has no images, or images beside the folders of classes.
    """
    places = [file.relative_to(folder).parts[:-1] for file in files]
    if not any(places):
        return None
    kinds = _inner_folders(folder)
    shown = ", ".join(classes[:10]) + (", ..." if len(classes) > 10 else "")
    if wrong := [kind for kind in kinds if kind not in classes]:
        raise DataError(f"{folder / wrong[0]}: no class of the model; rename or remove it; the classes: {shown}")
    filled = {place[0] for place in places if place}
    if empty := [kind for kind in kinds if kind not in filled]:
        raise DataError(f"{folder / empty[0]}: a class folder without images; fill or remove it")
    if not all(places):
        raise DataError(f"{files[places.index(())]}: lies in no class's folder, as others do; move it into one")
    return np.array([classes.index(place[0]) for place in places], np.int64)


def _inner_folders(folder: Path) -> list[str]:
    """Names of the folders in a folder, in order, without hidden ones."""
    return sorted(each.name for each in folder.iterdir() if each.is_dir() and not each.name.startswith("."))


def list_images(folder: Path) -> tuple[dict[Path, tuple[int, int]], str]:
    """Height and width of the readable images below a folder by path, and the digest of all.

    Hidden files and folders, such as .ipynb_checkpoints, are no images. The damaged ones are named on stderr. What was
    found is kept until a file changes.

    Raises:
        DataError: no such folder, no images, more than a tenth of them damaged.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder of images")
    shown = (path for path in folder.rglob("*") if not _is_hidden(path.relative_to(folder)))
    paths = sorted(path for path in shown if path.suffix.lower() in SUFFIXES and path.is_file())
    if not paths:
        raise DataError(f"{folder}: no images here; looked for {', '.join(SUFFIXES)} in it and below")
    names = [str(path.relative_to(folder)) for path in paths]
    stats = [path.stat() for path in paths]
    listing = [f"{name}:{stat.st_size}:{stat.st_mtime_ns}" for name, stat in zip(names, stats, strict=True)]
    key = hashlib.sha256("\n".join([str(folder.resolve()), *listing]).encode()).hexdigest()
    kept = cache_folder() / "folders" / f"{key[:32]}.json"
    if kept.is_file():
        found = read_json(kept, DataError)
    else:
        with ThreadPoolExecutor() as pool:
            seen = dict(zip(names, pool.map(_look, paths), strict=True))
        digest = hashlib.sha256("".join(f"{name} {sha256}\n" for name, (sha256, _, _) in seen.items()).encode())
        found = {
            "damaged": {name: reason for name, (_, _, reason) in seen.items() if reason},
            "sizes": {name: size for name, (_, size, reason) in seen.items() if not reason},
            "sha256": digest.hexdigest(),
        }
        write_json(kept, found)
    _name(found["damaged"], len(paths), folder)
    sizes = found["sizes"]
    return {folder / name: (sizes[name][0], sizes[name][1]) for name in names if name in sizes}, found["sha256"]


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _look(path: Path) -> tuple[str, tuple[int, int], str]:
    """sha256 of a file, its height and width, and what is wrong with it or ""."""
    content = path.read_bytes()
    size, reason = (0, 0), ""
    try:
        with Image.open(path) as image:
            size = image.height, image.width
            image.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        reason = one_line(error).replace(str(path), "the file") or type(error).__name__
    return hashlib.sha256(content).hexdigest(), size, reason


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
