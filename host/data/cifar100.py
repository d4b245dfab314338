"""CIFAR-100: the official "python" files (A. Krizhevsky, "Learning Multiple Layers of Features", 2009)."""

from __future__ import annotations

from pathlib import Path

from host.data import cifar10
from host.data.archive import downloaded, unpacked
from host.data.split import Split, labelled
from host.errors import DataError

FOLDER = "cifar-100-python"
MD5 = {"train": "16019d7e3df5f24257cddd939b257f8d", "test": "f0ef6b0ae62326f3e7ffdfab6717acfc"}


_NAMES = """
apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle
caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant flatfish
forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle
mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine
possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake spider squirrel streetcar
sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip turtle wardrobe whale
willow_tree wolf woman worm
"""
CLASSES = tuple(_NAMES.split())


def load(folder: Path | None) -> tuple[Split, Split]:
    """The training (50,000) and test (10,000) images, uint8 (count, 32, 32, 3), with their fine labels.

    Raises:
        DataError: nothing found, a damaged archive, a missing or wrong file, a failed download.
    """
    if folder is None:
        from tf_keras.datasets import cifar100

        train, test = downloaded("CIFAR-100", cifar100.load_data)
    else:
        train, test = (cifar10.read_batch(_find(folder) / name, md5, "fine_labels") for name, md5 in MD5.items())
    return labelled(*train), labelled(*test)


def _find(folder: Path) -> Path:
    for place in (folder, folder / "cifar100"):
        if (place / FOLDER / "train").exists():
            return place / FOLDER
        if (place / f"{FOLDER}.tar.gz").is_file():
            return unpacked(place / f"{FOLDER}.tar.gz", FOLDER)
    raise DataError(
        f"{folder}: no CIFAR-100 here; expected {FOLDER}/ or {FOLDER}.tar.gz, in it or in its folder cifar100/"
    )
