"""Splits, and where a data set is looked for."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from host.data import OFFICIAL, data_folder, load, skimage_patches
from host.data.split import Split
from host.errors import DataError
from host.spec.types import DataSpec


def test_the_validation_split_is_the_end_of_the_training_images() -> None:
    everything, test = skimage_patches.load(32)
    found = load(DataSpec("skimage", 32, 64))
    assert len(found.validation) == 64 and found.train.labels is None and found.classes == ()
    np.testing.assert_array_equal(np.concatenate([found.train.array, found.validation.array]), everything.array)
    np.testing.assert_array_equal(found.test.array, test.array)


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch) -> Split:
    """Nine pictures of noise, each with its number as its label, in place of CIFAR-10's training images."""
    images = np.random.default_rng(0).integers(0, 256, (9, 32, 32, 3), dtype=np.uint8)
    split = Split(images, np.arange(9))
    official = SimpleNamespace(load=lambda folder: (split, split.part(0, 2)), classes=tuple("abcdefghi"))
    monkeypatch.setitem(OFFICIAL, "cifar10", official)
    return split


@pytest.mark.parametrize("fit", ["resize", "crop", "whole"])
def test_labels_stay_with_their_images(fit: str, whole: Split) -> None:
    found = load(DataSpec("cifar10", 24, 3, fit=fit))
    assert found.train.labels.tolist() == found.sample.labels.tolist() == [0, 1, 2, 3, 4, 5]
    assert found.validation.labels.tolist() == [6, 7, 8] and found.test.labels.tolist() == [0, 1]
    assert found.classes == tuple("abcdefghi")


def test_the_digest_is_of_all_pixels_whatever_the_split() -> None:
    digests = [load(DataSpec("skimage", 32, count)).digest for count in (64, 65)]
    assert digests[0] == digests[1]
    assert load(DataSpec("skimage", 16, 64)).digest != digests[0]


def test_a_validation_split_that_leaves_nothing_is_refused() -> None:
    count = len(skimage_patches.load(32)[0])
    with pytest.raises(
        DataError, match=rf"skimage: {count} training images, but data\.validation takes {count}; lower"
    ):
        load(DataSpec("skimage", 32, count))
    assert len(load(DataSpec("skimage", 32, count - 1)).train) == 1


def test_patches_larger_than_the_photographs_are_a_data_error() -> None:
    with pytest.raises(DataError, match="skimage"):
        load(DataSpec("skimage", 4096, 1))


def test_the_folder_is_the_option_then_the_environment_then_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.delenv("SPLITLITE_DATA", raising=False)
    assert data_folder(None) is None
    monkeypatch.setenv("SPLITLITE_DATA", str(tmp_path))
    assert data_folder(None) == tmp_path
    assert data_folder(other) == other
    monkeypatch.setenv("SPLITLITE_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match=r"nowhere: no such folder; give --data-dir or SPLITLITE_DATA"):
        data_folder(None)


def test_grayscale_is_the_usual_weighting() -> None:
    whole = skimage_patches.load(32)[0].array
    found = load(DataSpec("skimage", 32, 64, color="grayscale"))
    assert found.train.array.shape[1:] == (32, 32, 1) and found.train is found.sample
    assert np.abs(found.train.array[0, ..., 0].astype(int) - whole[0] @ [0.299, 0.587, 0.114]).max() < 2


def test_cuts_are_drawn_from_the_larger_images_and_the_middle_is_kept_beside_them(whole: Split) -> None:
    found = load(DataSpec("cifar10", 24, 3, fit="crop"))
    np.testing.assert_array_equal(found.train.array, whole.array[:6])
    np.testing.assert_array_equal(found.sample.array, whole.array[:6, 4:28, 4:28])
    np.testing.assert_array_equal(found.test.array, whole.array[:2, 4:28, 4:28])
    assert found.validation.array.shape == (3, 24, 24, 3)


def test_whole_images_are_left_as_they_are(whole: Split) -> None:
    found = load(DataSpec("cifar10", 24, 3, fit="whole"))
    np.testing.assert_array_equal(found.train.array, whole.array[:6])
    np.testing.assert_array_equal(found.test.array, whole.array[:2])


@pytest.mark.parametrize(
    ("name", "counts", "first"),
    [
        ("cifar10", [5000] * 10, [6, 9, 9, 4, 1]),
        ("mnist", [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949], [5, 0, 4, 1, 9]),
    ],
)
def test_the_real_labels_are_those_of_the_literature(
    name: str, counts: list[int], first: list[int], real_data: Path
) -> None:
    found = load(DataSpec(name, 0, 1000), real_data)
    labels = np.concatenate([found.train.labels, found.validation.labels])
    assert labels.dtype == np.int64 and np.bincount(labels).tolist() == counts
    assert labels[:5].tolist() == first and len(found.classes) == 10
