"""MNIST (Y. LeCun, C. Cortes, C. Burges): the four official idx files, two with pictures and two with labels."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from host.data.archive import checked, downloaded
from host.data.split import Split, labelled

MD5 = {
    "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
    "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
    "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
}
CLASSES = tuple("0123456789")


def load(folder: Path | None) -> tuple[Split, Split]:
    """The training (60,000) and test (10,000) images, uint8 (count, 28, 28, 1), with their labels.

    Raises:
        DataError: a missing or wrong file, a failed download.
    """
    if folder is None:
        from tf_keras.datasets import mnist

        (train, digits), (test, others) = downloaded("MNIST", mnist.load_data)
        return labelled(train[..., None], digits), labelled(test[..., None], others)
    return read_splits(folder / "mnist" if (folder / "mnist").is_dir() else folder, MD5)


def read_splits(place: Path, digests: Mapping[str, str]) -> tuple[Split, Split]:
    """The two splits of a folder with four idx files, whose md5 are given by name; raises DataError as `checked`."""
    contents = [gzip.decompress(checked(place / name, md5)) for name, md5 in digests.items()]
    images = [np.frombuffer(content, np.uint8, offset=16).reshape(-1, 28, 28, 1) for content in contents[::2]]
    labels = [np.frombuffer(content, np.uint8, offset=8) for content in contents[1::2]]
    return labelled(images[0], labels[0]), labelled(images[1], labels[1])
