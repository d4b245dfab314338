"""Splits, and where a data set is looked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from host.data.photos import load

from host.data import LOADERS, data_folder, load_images
from host.errors import DataError
from host.spec.types import DataSpec


def test_the_validation_split_is_the_end_of_the_training_images() -> None:
    everything, test = load(32)
    images = load_images(DataSpec("photos", 32, 64, False))
    assert len(images.validation) == 64
    np.testing.assert_array_equal(np.concatenate([images.train, images.validation]), everything)
    np.testing.assert_array_equal(images.test, test)


def test_the_digest_is_of_all_pixels_whatever_the_split() -> None:
    digests = [load_images(DataSpec("photos", 32, count, False)).digest for count in (64, 65)]
    assert digests[0] == digests[1]
    assert load_images(DataSpec("photos", 16, 64, False)).digest != digests[0]


def test_a_validation_split_that_leaves_nothing_is_refused() -> None:
    count = len(load(32)[0])
    with pytest.raises(DataError, match=rf"photos: {count} training images, but data\.validation takes {count}; lower"):
        load_images(DataSpec("photos", 32, count, False))
    assert len(load_images(DataSpec("photos", 32, count - 1, False)).train) == 1


def test_patches_larger_than_the_photographs_are_a_data_error() -> None:
    with pytest.raises(DataError, match="photos"):
        load_images(DataSpec("photos", 4096, 1, False))


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
    whole, _ = load(32)
    images = load_images(DataSpec("photos", 32, 64, False, color="grayscale"))
    assert images.train.shape[1:] == (32, 32, 1) and images.drawn is images.train
    assert np.abs(images.train[0, ..., 0].astype(int) - whole[0] @ [0.299, 0.587, 0.114]).max() < 2


def test_cuts_are_drawn_from_the_larger_images_and_the_middle_is_kept_beside_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = np.random.default_rng(0).integers(0, 256, (9, 32, 32, 3), dtype=np.uint8)
    monkeypatch.setitem(LOADERS, "cifar10", lambda spec, folder: (whole, whole[:2]))
    images = load_images(DataSpec("cifar10", 24, 3, False, fit="crop"))
    np.testing.assert_array_equal(images.drawn, whole[:6])
    np.testing.assert_array_equal(images.train, whole[:6, 4:28, 4:28])
    np.testing.assert_array_equal(images.test, whole[:2, 4:28, 4:28])
    assert images.validation.shape == (3, 24, 24, 3)
