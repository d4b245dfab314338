"""Calibration images: drawn once each, and in equal numbers from every class where that is asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from host.data.pictures import Pictures
from host.data.split import Split, calibration_indices, check_sides
from host.errors import DataError

IMAGES = np.zeros((100, 1, 1, 1), np.uint8)
LABELS = np.array([0] * 80 + [1] * 15 + [2] * 5)


def test_a_draw_has_no_image_twice_and_rises() -> None:
    found = calibration_indices(Split(IMAGES), 30, 7)
    assert len(set(found)) == 30 and (np.diff(found) > 0).all()


def test_more_images_than_there_are_are_refused() -> None:
    with pytest.raises(DataError, match=r"calibration_images: 1000 asked, there are 100 training images"):
        calibration_indices(Split(IMAGES), 1000, 7)


@pytest.mark.parametrize(("count", "counts"), [(9, [3, 3, 3]), (10, [4, 3, 3]), (15, [5, 5, 5])])
def test_classes_have_equal_numbers(count: int, counts: list[int]) -> None:
    found = calibration_indices(Split(IMAGES, LABELS), count, 7, stratified=True)
    assert np.bincount(LABELS[found]).tolist() == counts and len(set(found)) == count


def test_the_first_of_them_are_stratified_too() -> None:
    found = calibration_indices(Split(IMAGES, LABELS), 15, 7, stratified=True)
    assert np.bincount(LABELS[found[:6]]).tolist() == [2, 2, 2]


def test_what_a_class_lacks_comes_from_the_others() -> None:
    found = calibration_indices(Split(IMAGES, LABELS), 30, 7, stratified=True)
    assert len(set(found)) == 30 and np.bincount(LABELS[found])[2] == 5


def test_without_labels_there_is_nothing_to_stratify_by() -> None:
    with pytest.raises(DataError, match=r"quantization\.stratified: the data set has no labels"):
        calibration_indices(Split(IMAGES), 10, 7, stratified=True)


def test_an_image_that_is_too_small_is_named_with_its_size(tmp_path: Path) -> None:
    for name, size in (("large", (30, 20)), ("small", (8, 20))):
        Image.fromarray(np.zeros((*size, 3), np.uint8)).save(tmp_path / f"{name}.png")
    files = [(tmp_path / f"{name}.png", 1.0) for name in ("large", "small")]
    check_sides(Split(Pictures(files)), 8)
    with pytest.raises(DataError, match=r"small.png: 8 x 20 pixels, expected sides of at least 9; remove it"):
        check_sides(Split(Pictures(files)), 9)
    with pytest.raises(DataError, match=r"large.png: 15 x 10 pixels, expected sides of at least 11"):
        check_sides(Split(Pictures([(files[0][0], 0.5)])), 11)
    with pytest.raises(DataError, match=r"image 1: 3 x 4 pixels, expected sides of at least 5"):
        check_sides(Split([np.zeros((5, 5, 3), np.uint8), np.zeros((3, 4, 3), np.uint8)]), 5)
