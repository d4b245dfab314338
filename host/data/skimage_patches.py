"""Patches of the colour photographs that ship inside scikit-image: needs no download, so the tests train on it."""

from __future__ import annotations

import numpy as np

from host.data.split import Split
from host.errors import DataError

TRAIN = ("astronaut", "coffee")
TEST = ("cat",)


def load(size: int) -> tuple[Split, Split]:
    """Training and test patches, uint8 (count, size, size, 3): half-overlapping for training, tiled for the test.

    Raises:
        DataError: a patch would be larger than a photograph.
    """
    import skimage.data

    smallest = min(min(getattr(skimage.data, name)().shape[:2]) for name in TRAIN + TEST)
    if size > smallest:
        raise DataError(f"skimage: data.size is {size}, the smallest photograph has a side of {smallest}; lower it")

    train = [patch for name in TRAIN for patch in _patches(getattr(skimage.data, name)(), size, max(size // 2, 1))]
    test = [patch for name in TEST for patch in _patches(getattr(skimage.data, name)(), size, size)]
    # A fixed shuffle, so that the validation split at the end is not one corner of one photograph.
    order = np.random.default_rng(0).permutation(len(train))
    return Split(np.stack(train)[order]), Split(np.stack(test))


def _patches(image: np.ndarray, size: int, step: int) -> list[np.ndarray]:
    height, width = image.shape[:2]
    return [
        image[top : top + size, left : left + size, :3]
        for top in range(0, height - size + 1, step)
        for left in range(0, width - size + 1, step)
    ]
