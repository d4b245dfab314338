"""Where images come from, and how they are split."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from host.data import cifar10, cifar100, fashion_mnist, mnist, photos, tensorflow_datasets
from host.data.fitting import fit_images
from host.data.folder import find_files
from host.data.stream import ImageFiles
from host.errors import DataError
from host.spec.sections import TFDS
from host.spec.types import DataSpec

LOADERS: dict[str, Callable[[DataSpec, Path | None], tuple[np.ndarray, np.ndarray]]] = {
    "cifar10": lambda spec, folder: cifar10.load(folder),
    "cifar100": lambda spec, folder: cifar100.load(folder),
    "fashion_mnist": lambda spec, folder: fashion_mnist.load(folder),
    "mnist": lambda spec, folder: mnist.load(folder),
    "skimage": lambda spec, folder: photos.load(int(spec.image_shape[0])),
}
IN_MEMORY_BYTES = 1 << 30  # of pixels; a folder that has more is streamed, unless the spec decides
SAMPLE = 20_000  # images of a streamed folder that are held in memory, for what needs an array


@dataclass(frozen=True)
class Images:
    """A data set's images, uint8 (count, height, width, channels), 0..255.

    `train` and `validation` are the training split cut in two, `test` is the official test split. `digest` is the
    sha256 of all pixels in the official order; of a folder, of its files.

    Of a streamed folder `train` is a sample: what it is calibrated and tuned on.

    Attributes:
        source: what training draws its batches from, where that is not `train`: files, or images larger than
            those of `train` of which it cuts parts.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    digest: str
    source: np.ndarray | ImageFiles | None = None

    @property
    def drawn(self) -> np.ndarray | ImageFiles:
        """What training draws its batches from."""
        return self.train if self.source is None else self.source


def data_folder(option: Path | None) -> Path | None:
    """The local folder of data sets: `--data-dir`, else SPLITLITE_DATA, else None (Keras downloads)."""
    chosen = option or (Path(os.environ["SPLITLITE_DATA"]) if os.environ.get("SPLITLITE_DATA") else None)
    if chosen is not None and not chosen.is_dir():
        raise DataError(
            f"{chosen}: no such folder; give --data-dir or SPLITLITE_DATA the folder that holds the data sets"
        )
    return chosen


def load_images(spec: DataSpec, folder: Path | None = None) -> Images:
    """Loads and splits a data set; the last `spec.validation` training images are the validation split.

    Raises:
        DataError: missing, truncated or wrong files, or fewer images than the validation split asks for.
    """
    shape, resize = spec.image_shape, spec.fit == "resize"
    assert isinstance(spec.validation, int)
    if spec.dataset == "folder":
        return _folder(spec, folder)
    if spec.dataset.startswith(TFDS):
        train, test = tensorflow_datasets.load(spec.dataset.removeprefix(TFDS), folder, shape, resize=resize)
    else:
        train, test = LOADERS[spec.dataset](spec, folder)
    if len(train) <= spec.validation:
        raise DataError(
            f"{spec.dataset}: {len(train)} training images, but data.validation takes {spec.validation}; lower it"
        )
    digest = hashlib.sha256(train.tobytes() + test.tobytes()).hexdigest()
    cut = len(train) - spec.validation
    larger = train[:cut] if not resize and min(np.subtract(train.shape[1:3], shape[:2])) >= 0 else None
    if larger is not None and larger.shape[3] != shape[2]:
        larger = fit_images(larger, (*larger.shape[1:3], shape[2]), resize=False)
    train, test = (fit_images(images, shape, resize=resize) for images in (train, test))
    source = larger if larger is not None and larger.shape[1:] != shape else None
    return Images(train[:cut], train[cut:], test, digest, source)


def _folder(spec: DataSpec, folder: Path | None) -> Images:
    path = Path(spec.paths[0].path)
    if not path.is_absolute():
        path = (folder or Path()) / path
    assert isinstance(spec.validation, int)
    files = find_files(path, spec.validation)
    shape, resize = spec.image_shape, spec.fit == "resize"
    train = ImageFiles(files.train, shape, resize=resize)
    stream = len(train) * int(np.prod(shape)) > IN_MEMORY_BYTES if spec.stream is None else spec.stream
    # Random cuts are taken from the files anew each epoch: an array would hold one cut of each.
    source = train if stream or not resize else None
    some = ImageFiles(files.train[:SAMPLE] if stream else files.train, shape, resize=resize).load()
    validation, test = (
        ImageFiles(paths[:SAMPLE], shape, resize=resize).load() for paths in (files.validation, files.test)
    )
    return Images(some, validation, test, files.digest, source)
