"""MNIST (Y. LeCun, C. Cortes, C. Burges): the four official idx files, of which the two with pictures are read."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

from host.data.archive import checked, downloaded

MD5 = {
    "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
}


def load(folder: Path | None) -> tuple[np.ndarray, np.ndarray]:
    """The training (60,000) and test (10,000) images, uint8 (count, 28, 28, 1).

    Raises:
        DataError: a missing or wrong file, a failed download.
    """
    if folder is None:
        from tf_keras.datasets import mnist

        (train, _), (test, _) = downloaded("MNIST", mnist.load_data)
        return train[..., None], test[..., None]
    place = folder / "mnist" if (folder / "mnist").is_dir() else folder
    train, test = (read_images(place / name, md5) for name, md5 in MD5.items())
    return train, test


def read_images(path: Path, md5: str) -> np.ndarray:
    """The pictures of an idx file, uint8 (count, 28, 28, 1); raises DataError as `checked`."""
    content = gzip.decompress(checked(path, md5))
    return np.frombuffer(content, np.uint8, offset=16).reshape(-1, 28, 28, 1)
