"""Batches: the same from the same seed, labels beside their images, as many as were asked for."""

from __future__ import annotations

import numpy as np
import pytest

from host.data.batches import batches
from host.data.split import Split
from host.spec.types import DataSpec

SPEC = DataSpec("skimage", 16, 1)


@pytest.fixture
def split() -> Split:
    """Ten pictures; each is its label everywhere, and brighter on the right."""
    images = np.zeros((10, 16, 16, 3), np.uint8) + np.arange(10, dtype=np.uint8)[:, None, None, None]
    images[:, :, 8:] += 100
    return Split(images, np.arange(10))


def test_an_epoch_sees_every_image_once_with_its_label(split: Split) -> None:
    drawn = list(batches(split, SPEC, 5, 2, np.random.default_rng(1)))
    assert sorted(label for _, labels in drawn for label in labels) == list(range(10))
    for images, labels in drawn:
        assert (images[:, 0, 0, 0] == labels).all()


def test_more_steps_than_images_begin_again(split: Split) -> None:
    drawn = list(batches(split, SPEC, 4, 5, np.random.default_rng(1)))
    labels = np.concatenate([labels for _, labels in drawn])
    assert [len(images) for images, _ in drawn] == [4] * 5 and (np.bincount(labels) == 2).all()


def test_a_batch_larger_than_the_data_is_all_of_it(split: Split) -> None:
    ((images, labels),) = batches(split, SPEC, 64, 1, np.random.default_rng(1))
    assert len(images) == 10 and sorted(labels) == list(range(10))


def test_mirroring_changes_some_images_and_no_label(split: Split) -> None:
    spec = DataSpec("skimage", 16, 1, flip=True)
    ((images, labels),) = batches(split, spec, 10, 1, np.random.default_rng(2))
    mirrored = images[:, 0, 0, 0] >= 100
    assert 0 < mirrored.sum() < 10
    np.testing.assert_array_equal(np.minimum(images[:, 0, 0, 0], images[:, 0, 15, 0]), labels)
    ((again, _),) = batches(split, spec, 10, 1, np.random.default_rng(2))
    np.testing.assert_array_equal(images, again)
