"""Splits, and where a data set is looked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from host.data import data_folder, load_images
from host.data.photos import load
from host.errors import DataError
from host.spec import DataSpec


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
