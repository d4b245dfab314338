from __future__ import annotations

import unittest

import numpy as np

from ...errors import BundleError
from ...outputs.context_codes.block_grid import BlockGrid, put_pixels, reflected

GRID = BlockGrid(block=4, before=2, after=3, channels=5, plain=2, parts=2, step=0.7)


class Grid(unittest.TestCase):
    def test_a_started_block_counts(self) -> None:
        self.assertEqual(GRID.shape(8, 9), (2, 3, 5))
        self.assertEqual(GRID.pixels(3), 17)

    def test_halving_goes_towards_zero_and_leaves_plain_channels(self) -> None:
        tensor = np.array([[-128, 127, -128, -1, 3], [-3, 1, -3, 1, 127]], np.int8)
        expected = np.array([[-128, 127, -64, 0, 1], [-3, 1, -1, 0, 63]], np.int8)
        np.testing.assert_array_equal(GRID.codes(tensor), expected)

    def test_json_and_back(self) -> None:
        self.assertEqual(BlockGrid.from_dict(GRID.to_dict()), GRID)
        for wrong in ({"block": 0}, {"step": 0.0}, {"parts": 3}, {"after": -1}):
            with self.assertRaises(BundleError):
                BlockGrid.from_dict({**GRID.to_dict(), **wrong})


class Reflection(unittest.TestCase):
    def test_as_the_definition_says(self) -> None:
        self.assertEqual(reflected(-3, 10, 3).tolist(), [1, 2, 1, 0, 1, 2, 1, 0, 1, 2])
        self.assertEqual(reflected(-2, 4, 1).tolist(), [0, 0, 0, 0])
        for size in (2, 5, 9):
            padded = np.pad(np.arange(size), (0, size - 1), mode="reflect")
            np.testing.assert_array_equal(reflected(0, 2 * size - 1, size), padded)

    def test_any_part_is_that_of_the_padded_image(self) -> None:
        random = np.random.default_rng(0)
        for height, width in ((1, 1), (3, 7), (12, 5), (16, 16)):
            image = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
            rows, columns = reflected(-2, 30, height), reflected(-2, 30, width)
            whole = (image[rows][:, columns] ^ 0x80).view(np.int8)
            for top, part in ((-2, 30), (-2, 5), (0, 6), (2, 12), (4, 24)):
                out = np.zeros((part, 30, 3), np.int8)
                put_pixels(image, (top, -2), out)
                np.testing.assert_array_equal(out, whole[top + 2 : top + 2 + part], str((height, width, top)))
