"""CIFAR-10: the official "python" batches (A. Krizhevsky, "Learning Multiple Layers of Features", 2009)."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np

from host.data.archive import checked, downloaded, unpacked
from host.data.split import Split, labelled
from host.errors import DataError

FOLDER = "cifar-10-batches-py"
MD5 = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
}


CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def load(folder: Path | None) -> tuple[Split, Split]:
    """The training (50,000) and test (10,000) images, uint8 (count, 32, 32, 3), with their labels.

    Raises:
        DataError: nothing found, a damaged archive, a missing or wrong batch, a failed download.
    """
    if folder is None:
        from tf_keras.datasets import cifar10

        train, test = downloaded("CIFAR-10", cifar10.load_data)
        return labelled(*train), labelled(*test)
    *train, test = (read_batch(_find(folder) / name, md5) for name, md5 in MD5.items())
    images, labels = zip(*train, strict=True)
    return labelled(np.concatenate(images), np.concatenate(labels)), labelled(*test)


def _find(folder: Path) -> Path:
    for place in (folder, folder / "cifar10"):
        for batches in (place / FOLDER, place):
            if (batches / "test_batch").exists() or (batches / "data_batch_1").exists():
                return batches
        for archive in ("cifar-10-python.tar.gz", "cifar-10-python.tar.xz"):
            if (place / archive).is_file():
                return unpacked(place / archive, FOLDER)
    raise DataError(
        f"{folder}: no CIFAR-10 here; expected {FOLDER}/ or cifar-10-python.tar.gz or .tar.xz, "
        "in it or in its folder cifar10/"
    )


def read_batch(path: Path, md5: str, labels: str = "labels") -> tuple[np.ndarray, np.ndarray]:
    """The pictures of a "python" file, uint8 (count, 32, 32, 3), and its labels; raises DataError as `checked`."""
    content = pickle.loads(checked(path, md5), encoding="bytes")  # safe: the md5 is the official one
    pixels = content[b"data"].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(pixels), np.array(content[labels.encode()])
