"""Where images and their labels come from, and how they are split."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from host.data import skimage_patches, tensorflow_datasets
from host.data.fitting import fit_images
from host.data.folder import FolderFiles, ImageFile, find_files
from host.data.official import OFFICIAL
from host.data.pictures import Pictures, scaled_size
from host.data.split import Split
from host.data.stream import ImageFiles
from host.errors import DataError
from host.spec.sections import TFDS
from host.spec.types import WHOLE, DataSpec

__all__ = ["DataSet", "Split", "data_folder", "load"]

IN_MEMORY_BYTES = 1 << 30  # of pixels; a folder that has more is streamed, unless the spec decides
SAMPLE = 20_000  # images of each part of a folder that are held in memory at most, for what needs an array


@dataclass(frozen=True)
class DataSet:
    """A data set.

    `train` and `validation` are the training split cut in two, `test` is the official test split. Of a folder's
    validation and test images, `SAMPLE` at most.

    Attributes:
        train: what training draws its batches from: an array, files, or images larger than those that it cuts of them.
        sample: training images in memory, at the network's size: what is calibrated and tuned on. Of whole pictures
            the same as `train`.
        digest: sha256 of all pixels in the official order; of a folder, of its files.
        classes: names of the labels; () where there are none.
    """

    train: Split
    validation: Split
    test: Split
    sample: Split
    digest: str
    classes: tuple[str, ...] = ()


def data_folder(option: Path | None) -> Path | None:
    """The local folder of data sets: `--data-dir`, else SPLITLITE_DATA, else None (Keras downloads)."""
    chosen = option or (Path(os.environ["SPLITLITE_DATA"]) if os.environ.get("SPLITLITE_DATA") else None)
    if chosen is not None and not chosen.is_dir():
        raise DataError(
            f"{chosen}: no such folder; give --data-dir or SPLITLITE_DATA the folder that holds the data sets"
        )
    return chosen


def load(spec: DataSpec, folder: Path | None = None) -> DataSet:
    """Loads and splits a data set; the last `spec.validation` training images are the validation split.

    Args:
        folder: of the data sets, see `data_folder`; None downloads.

    Raises:
        DataError: missing, truncated or wrong files, or fewer images than the validation split asks for.
    """
    if spec.dataset == "folder":
        files = find_files(spec.paths, spec.validation, spec.test, folder)
        return _whole_folder(spec, files) if spec.fit == WHOLE else _fitted_folder(spec, files)
    shape, resize = spec.image_shape, spec.fit == "resize"
    if spec.dataset.startswith(TFDS):
        train, test, classes = tensorflow_datasets.load(spec.dataset.removeprefix(TFDS), folder, shape, resize=resize)
    elif spec.dataset == "skimage":
        train, test, classes = *skimage_patches.load(int(shape[0])), ()
    else:
        official = OFFICIAL[spec.dataset]
        classes = official.classes
        train, test = official.load(folder)
    assert isinstance(spec.validation, int)  # names are those of files
    if len(train) <= spec.validation:
        raise DataError(
            f"{spec.dataset}: {len(train)} training images, but data.validation takes {spec.validation}; lower it"
        )
    pixels = [split.array for split in (train, test)]
    digest = hashlib.sha256(pixels[0].tobytes() + pixels[1].tobytes()).hexdigest()
    cut = len(train) - spec.validation
    drawn = train.part(None, cut)
    if spec.fit == WHOLE:
        return DataSet(drawn, train.part(cut, None), test, drawn, digest, classes)
    larger = _larger(pixels[0][:cut], shape) if not resize else None
    train, test = (_fitted(split, shape, resize) for split in (train, test))
    sample = train.part(None, cut)
    drawn = sample if larger is None else replace(drawn, images=larger)
    return DataSet(drawn, train.part(cut, None), test, sample, digest, classes)


def _larger(images: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray | None:
    """The images in the colours of `shape`, where training can cut parts of that shape out of them."""
    height, width = images.shape[1:3]
    if height < shape[0] or width < shape[1] or (height, width) == shape[:2]:
        return None
    return fit_images(images, (height, width, shape[2]), resize=False)


def _fitted(split: Split, shape: tuple[int, int, int], resize: bool) -> Split:
    return replace(split, images=fit_images(split.array, shape, resize=resize))


def _fitted_folder(spec: DataSpec, files: FolderFiles) -> DataSet:
    shape, resize = spec.image_shape, spec.fit == "resize"

    def stream(some: Sequence[ImageFile]) -> Split:
        return Split(ImageFiles([file.path for file in some], shape, resize=resize), files.labels(some))

    def in_memory(some: Sequence[ImageFile]) -> Split:
        split = stream(some)
        assert isinstance(split.images, ImageFiles)
        return replace(split, images=split.images.load())

    too_many = len(files.train) * int(np.prod(shape)) > IN_MEMORY_BYTES if spec.stream is None else spec.stream
    sample = in_memory(_drawn(files.train) if too_many else files.train)
    # Random cuts are taken from the files anew each epoch: an array would hold one cut of each.
    train = stream(files.train) if too_many or not resize else sample
    validation, test = (in_memory(_drawn(some)) for some in (files.validation, files.test))
    return DataSet(train, validation, test, sample, files.digest, files.classes)


def _drawn(files: Sequence[ImageFile]) -> Sequence[ImageFile]:
    """All files, or SAMPLE of them in a random order: the first ones may all be of the first classes."""
    if len(files) <= SAMPLE:
        return files
    return [files[index] for index in np.random.default_rng(0).permutation(len(files))[:SAMPLE]]


def _whole_folder(spec: DataSpec, files: FolderFiles) -> DataSet:
    height, width, channels = spec.image_shape

    def pictures(some: Sequence[ImageFile]) -> Split:
        return Split(Pictures([(file.path, file.scale) for file in some], channels), files.labels(some))

    sizes = [scaled_size(file.size, file.scale) for file in files.train]
    kept = [index for index, size in enumerate(sizes) if size[0] >= height and size[1] >= width]
    if not kept:
        raise DataError(f"{spec.paths[0].path}: no image of at least {height} x {width} pixels to train on")
    weights = np.array([sizes[index][0] * sizes[index][1] * files.train[index].weight for index in kept], float)
    train = replace(pictures([files.train[index] for index in kept]), weights=weights / weights.sum())
    return DataSet(train, pictures(files.validation), pictures(files.test), train, files.digest, files.classes)
