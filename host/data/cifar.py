"""CIFAR-10 and CIFAR-100: the official "python" files (A. Krizhevsky, "Learning Multiple Layers of Features", 2009)."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from host.data.archive import checked, downloaded, unpacked
from host.data.split import Split, labelled
from host.errors import DataError


@dataclass(frozen=True)
class Cifar:
    """One of the two.

    Attributes:
        name: as specs have it, and tf_keras.
        folder: that the official archive holds.
        md5: of its files, by name, the last one that of the test images.
        labels: the key of the labels in the files.
    """

    name: str
    folder: str
    md5: Mapping[str, str]
    labels: str
    classes: tuple[str, ...]

    def load(self, folder: Path | None) -> tuple[Split, Split]:
        """The training (50,000) and test (10,000) images, uint8 (count, 32, 32, 3), with their labels.

        Raises:
            DataError: nothing found, a damaged archive, a missing or wrong file, a failed download.
        """
        if folder is None:
            return downloaded(self.name)
        place = self._find(folder)
        *parts, last = (self._read(place / name, md5) for name, md5 in self.md5.items())
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

    def _read(self, path: Path, md5: str) -> tuple[np.ndarray, np.ndarray]:
        content = pickle.loads(checked(path, md5), encoding="bytes")  # safe: the md5 is the official one
        pixels = content[b"data"].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        return np.ascontiguousarray(pixels), np.array(content[self.labels.encode()])


CIFAR10 = Cifar(
    "cifar10",
    "cifar-10-batches-py",
    {
        "data_batch_1": "c99cafc152244af753f735de768cd75f",
        "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
        "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
        "data_batch_4": "634d18415352ddfa80567beed471001a",
        "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
        "test_batch": "40351d587109b95175f43aff81a1287e",
    },
    "labels",
    ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
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
    "cifar-100-python",
    {"train": "16019d7e3df5f24257cddd939b257f8d", "test": "f0ef6b0ae62326f3e7ffdfab6717acfc"},
    "fine_labels",
    tuple(_CLASSES.split()),
)
