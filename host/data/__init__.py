"""Where images come from, and how they are split."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from host.data import cifar10, mnist, photos
from host.errors import DataError
from host.spec import DataSpec

LOADERS: dict[str, Callable[[DataSpec, Path | None], tuple[np.ndarray, np.ndarray]]] = {
    "cifar10": lambda spec, folder: cifar10.load(folder),
    "mnist": lambda spec, folder: mnist.load(folder),
    "photos": lambda spec, folder: photos.load(spec.size),
}


@dataclass(frozen=True)
class Images:
    """A data set's images, uint8 (count, height, width, channels), 0..255.

    `train` and `validation` are the training split cut in two, `test` is the official test split. `digest` is the
    sha256 of all pixels in the official order.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    digest: str


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
    train, test = LOADERS[spec.dataset](spec, folder)
    if len(train) <= spec.validation:
        raise DataError(
            f"{spec.dataset}: {len(train)} training images, but data.validation takes {spec.validation}; lower it"
        )
    digest = hashlib.sha256(train.tobytes() + test.tobytes()).hexdigest()
    cut = len(train) - spec.validation
    return Images(train[:cut], train[cut:], test, digest)
