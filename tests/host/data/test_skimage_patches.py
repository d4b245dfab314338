"""Patches of scikit-image's photographs: the same every time, nothing of the test among the training patches."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.data

from host.data import skimage_patches


@pytest.mark.parametrize("size", [16, 32])
def test_patches_are_uint8_squares_and_the_same_every_time(size: int) -> None:
    first, second = ([split.array for split in skimage_patches.load(size)] for _ in range(2))
    for one, other in zip(first, second):
        assert one.dtype == np.uint8 and one.shape[1:] == (size, size, 3)
        np.testing.assert_array_equal(one, other)


def test_test_patches_tile_the_cat_and_training_patches_overlap_by_half() -> None:
    train, test = (split.array for split in skimage_patches.load(32))
    height, width = skimage.data.cat().shape[:2]
    assert len(test) == (height // 32) * (width // 32)
    np.testing.assert_array_equal(test[1], skimage.data.cat()[:32, 32:64])
    shapes = [getattr(skimage.data, name)().shape for name in skimage_patches.TRAIN]
    assert len(train) == sum(((h - 32) // 16 + 1) * ((w - 32) // 16 + 1) for h, w, _ in shapes)


def test_no_test_patch_is_a_training_patch() -> None:
    train, test = (split.array for split in skimage_patches.load(16))
    assert not {patch.tobytes() for patch in train} & {patch.tobytes() for patch in test}


def test_the_end_that_validates_is_no_corner_of_one_photograph() -> None:
    train = skimage_patches.load(32)[0].array
    astronaut = skimage.data.astronaut()
    known = {astronaut[y : y + 32, x : x + 32].tobytes() for y in range(0, 481, 16) for x in range(0, 481, 16)}
    share = np.mean([patch.tobytes() in known for patch in train[-100:]])
    assert 0.3 < share < 0.9
