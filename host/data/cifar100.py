"""CIFAR-100: the official "python" files (A. Krizhevsky, "Learning Multiple Layers of Features", 2009)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from host.data import cifar10
from host.data.archive import downloaded, unpacked
from host.errors import DataError

FOLDER = "cifar-100-python"
MD5 = {"train": "16019d7e3df5f24257cddd939b257f8d", "test": "f0ef6b0ae62326f3e7ffdfab6717acfc"}


def load(folder: Path | None) -> tuple[np.ndarray, np.ndarray]:
    """The training (50,000) and test (10,000) images, uint8 (count, 32, 32, 3).

    Raises:
        DataError: nothing found, a damaged archive, a missing or wrong file, a failed download.
    """
    if folder is None:
        from tf_keras.datasets import cifar100

        (train, _), (test, _) = downloaded("CIFAR-100", cifar100.load_data)
        return train, test
    train, test = (cifar10.read_images(_find(folder) / name, md5) for name, md5 in MD5.items())
    return train, test


def _find(folder: Path) -> Path:
    for place in (folder, folder / "cifar100"):
        if (place / FOLDER / "train").exists():
            return place / FOLDER
        if (place / f"{FOLDER}.tar.gz").is_file():
            return unpacked(place / f"{FOLDER}.tar.gz", FOLDER)
    raise DataError(
        f"{folder}: no CIFAR-100 here; expected {FOLDER}/ or {FOLDER}.tar.gz, in it or in its folder cifar100/"
    )
