"""MNIST (Y. LeCun, C. Cortes, C. Burges) and Fashion-MNIST (H. Xiao et al., 2017): four official idx files each."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from host.data.archive import checked, downloaded
from host.data.split import Split, labelled


@dataclass(frozen=True)
class Mnist:
    """One of the two.

    Attributes:
        name: as specs have it, and tf_keras.
        md5: of the images and labels, for training and then for the test.
    """

    name: str
    md5: Mapping[str, str]
    classes: tuple[str, ...]

    def load(self, folder: Path | None) -> tuple[Split, Split]:
        """The training (60,000) and test (10,000) images, uint8 (count, 28, 28, 1), with their labels.

        Raises:
            DataError: a missing or wrong file, a failed download.
        """
        if folder is None:
            return downloaded(self.name)
        names = [folder / self.name, folder / self.name.replace("_", "-")]
        place = next((name for name in names if name.is_dir()), folder)
        contents = [gzip.decompress(checked(place / name, md5)) for name, md5 in self.md5.items()]
        images = [np.frombuffer(content, np.uint8, offset=16).reshape(-1, 28, 28) for content in contents[::2]]
        labels = [np.frombuffer(content, np.uint8, offset=8) for content in contents[1::2]]
        return labelled(images[0], labels[0]), labelled(images[1], labels[1])


MNIST = Mnist(
    "mnist",
    {
        "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
        "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
        "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
    },
    tuple("0123456789"),
)
FASHION_MNIST = Mnist(
    "fashion_mnist",
    {
        "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
        "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
        "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
    },
    ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)
