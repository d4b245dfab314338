"""The data sets with one official form: CIFAR-10 and CIFAR-100, MNIST and Fashion-MNIST.

A. Krizhevsky, "Learning Multiple Layers of Features", 2009, the "python" files; Y. LeCun, C. Cortes, C. Burges, and
H. Xiao et al., 2017, four idx files each.
"""

from __future__ import annotations

import gzip
import pickle
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from device.errors import one_line
from host.cache import alone
from host.data.archive import checked, unpacked
from host.data.split import Split, labelled
from host.errors import DataError


@dataclass(frozen=True)
class Official(ABC):
    """One of them.

    Attributes:
        name: as specs have it, and tf_keras.
        md5: of its files, by name; those of the test images come last.
    """

    name: str
    md5: Mapping[str, str]
    classes: tuple[str, ...]

    def load(self, folder: Path | None) -> tuple[Split, Split]:
        """The training and test images, uint8 (count, height, width, 1 or 3), with their labels.

        Args:
            folder: with the files, or with a folder or an archive of them; None downloads.

        Raises:
            DataError: nothing found, a damaged archive, a missing or wrong file, a failed download.
        """
        if folder is not None:
            return self._read(folder)
        import tf_keras

        try:
            with alone(self.name):  # Keras writes a download to where other processes would read it
                train, test = getattr(tf_keras.datasets, self.name).load_data()
            return labelled(*train), labelled(*test)
        except Exception as error:  # whatever the network or the archive did
            raise DataError(
                f"{self.name} could not be downloaded ({one_line(error)}); "
                "set SPLITLITE_DATA or --data-dir to a folder that holds it"
            ) from error

    @abstractmethod
    def _read(self, folder: Path) -> tuple[Split, Split]: ...


@dataclass(frozen=True)
class Cifar(Official):
    """Images of 32 x 32 pixels in colour: 50,000 and 10,000.

    Attributes:
        folder: that the official archive holds.
        labels: the key of the labels in the files.
    """

    folder: str
    labels: str

    def _read(self, folder: Path) -> tuple[Split, Split]:
        place = self._find(folder)
        *parts, last = (self._batch(place / name, md5) for name, md5 in self.md5.items())
        images, labels = (np.concatenate(values) for values in zip(*parts, strict=True))
        return labelled(images, labels), labelled(*last)

    def _find(self, folder: Path) -> Path:
        archives = [self.folder.replace("batches-py", "python") + suffix for suffix in (".tar.gz", ".tar.xz")]
        for place in (folder, folder / self.name):
            for batches in (place / self.folder, place):
                if any((batches / name).is_file() for name in self.md5):
                    return batches
            for archive in archives:
                if (place / archive).is_file():
                    return unpacked(place / archive, self.folder)
        raise DataError(
            f"{folder}: no {self.name} here; expected {self.folder}/ or {' or '.join(archives)}, "
            f"in it or in its folder {self.name}/"
        )

    def _batch(self, path: Path, md5: str) -> tuple[np.ndarray, np.ndarray]:
        content = pickle.loads(checked(path, md5), encoding="bytes")  # safe: the md5 is the official one
        pixels = content[b"data"].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        return np.ascontiguousarray(pixels), np.array(content[self.labels.encode()])


@dataclass(frozen=True)
class Mnist(Official):
    """Grey images of 28 x 28 pixels, 60,000 and 10,000: files of images and labels, for training and then the test."""

    def _read(self, folder: Path) -> tuple[Split, Split]:
        names = [folder / self.name, folder / self.name.replace("_", "-")]
        place = next((name for name in names if name.is_dir()), folder)
        contents = [gzip.decompress(checked(place / name, md5)) for name, md5 in self.md5.items()]
        images = [np.frombuffer(content, np.uint8, offset=16).reshape(-1, 28, 28) for content in contents[::2]]
        labels = [np.frombuffer(content, np.uint8, offset=8) for content in contents[1::2]]
        return labelled(images[0], labels[0]), labelled(images[1], labels[1])


CIFAR10 = Cifar(
    "cifar10",
    {
        "data_batch_1": "c99cafc152244af753f735de768cd75f",
        "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
        "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
        "data_batch_4": "634d18415352ddfa80567beed471001a",
        "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
        "test_batch": "40351d587109b95175f43aff81a1287e",
    },
    ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
    "cifar-10-batches-py",
    "labels",
)

_CLASSES = """
apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle
caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant flatfish
forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle
mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine
possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake spider squirrel streetcar
sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip turtle wardrobe whale
willow_tree wolf woman worm
"""
CIFAR100 = Cifar(
    "cifar100",
    {"train": "16019d7e3df5f24257cddd939b257f8d", "test": "f0ef6b0ae62326f3e7ffdfab6717acfc"},
    tuple(_CLASSES.split()),
    "cifar-100-python",
    "fine_labels",
)

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

OFFICIAL = {each.name: each for each in (CIFAR10, CIFAR100, FASHION_MNIST, MNIST)}
