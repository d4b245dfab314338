"""Middles of pictures, and how far two are apart."""

from __future__ import annotations

import numpy as np

from host.drawing import CLOSE_UP, LARGE, close_up, difference, middle


def test_a_middle_is_in_the_middle_and_never_larger_than_its_picture() -> None:
    image = np.arange(35).reshape(5, 7, 1)
    np.testing.assert_array_equal(middle(image, 3, 3), image[1:4, 2:5])
    np.testing.assert_array_equal(middle(image, 9, 1), image[:, 3:4])


def test_only_large_pictures_are_shown_close_up() -> None:
    assert close_up(np.zeros((LARGE, LARGE, 3))) is None
    for height, width in ((LARGE + 1, 20), (40, LARGE + 1), (600, 700)):
        part = close_up(np.zeros((height, width, 3)))
        assert part is not None and part.shape == (min(height, CLOSE_UP), min(width, CLOSE_UP), 3)


def test_a_difference_is_between_0_and_255() -> None:
    original, image = np.array([[[10, 0, 255]]], np.uint8), np.array([[[13, 255, 255]]], np.uint8)
    np.testing.assert_array_equal(difference(original, image, 4), [[[12, 255, 0]]])
