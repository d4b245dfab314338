"""Image data sets of tensorflow-datasets by name: "tfds:NAME" or "tfds:NAME/CONFIG". An extra: splitlite[tfds]."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from device.errors import one_line
from host.data.fitting import Shape, fit
from host.data.split import Split, labelled
from host.errors import DataError
from host.spec.sections import TFDS

_LARGEST = 4 << 30  # bytes of pixels: they are held in memory


def load(name: str, folder: Path | None, shape: Shape, *, resize: bool) -> tuple[Split, Split, tuple[str, ...]]:
    """The training and test images, uint8 (count, *shape), and the classes of their labels, where there are any.

    The test images are the test split, else the validation split, else a tenth of the training split.

    Args:
        name: without the prefix.
        folder: holds the prepared data set, in itself or in its folder tfds/; None: downloaded.

    Raises:
        DataError: the package is not there, no such data set, no images in it, more than memory should hold.
    """
    try:
        import tensorflow_datasets as tfds
    except ImportError:
        raise DataError(
            f"{TFDS}{name}: tensorflow-datasets is not installed; install it with: pip install splitlite[tfds]"
        ) from None
    place = None if folder is None else folder / "tfds" if (folder / "tfds").is_dir() else folder
    try:
        builder = tfds.builder(name, data_dir=place)
        if folder is None:
            builder.download_and_prepare()
        splits = builder.info.splits
        test = next((split for split in ("test", "validation") if split in splits), "train[90%:]")
        train = "train[:90%]" if test.startswith("train") else "train"
        if "image" not in builder.info.features:
            raise DataError(f"{TFDS}{name}: no images in it; its parts are {', '.join(builder.info.features)}")
        parts = [builder.as_dataset(split=split, shuffle_files=False) for split in (train, test)]
        classes = tuple(getattr(builder.info.features.get("label"), "names", None) or ())
        first, second = (_split(part, name, shape, resize, bool(classes)) for part in parts)
        return first, second, classes
    except DataError:
        raise
    except Exception as error:  # whatever the package, its files or the network did
        raise DataError(
            f"{TFDS}{name}: cannot be loaded ({one_line(error)}); see tensorflow-datasets' catalogue for names"
        ) from error


def _split(part: Any, name: str, shape: Shape, resize: bool, has_labels: bool) -> Split:
    count = int(part.cardinality())
    if count * int(np.prod(shape)) > _LARGEST:
        raise DataError(
            f"{TFDS}{name}: {count} images of {shape} do not fit in memory; lower data.size, or write them out as "
            'files and train from the data set "folder"'
        )
    pairs = part.map(lambda entry: (fit(entry["image"], shape, resize=resize), entry["label"] if has_labels else 0))
    images, labels = zip(*pairs.as_numpy_iterator(), strict=True)
    return labelled(np.stack(images), labels) if has_labels else Split(np.stack(images))
