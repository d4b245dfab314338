from __future__ import annotations

import unittest

import numpy as np

from ...errors import BundleError
from ...outputs.context_codes import BlockGrid
from ...records import as_json, from_json

GRID = BlockGrid(block=4, before=2, after=3, channels=5, plain=2, parts=2, step=0.7)


class Grid(unittest.TestCase):
    def test_a_started_block_counts(self) -> None:
        self.assertEqual(GRID.shape(8, 9), (2, 3, 5))

    def test_halving_goes_towards_zero_and_leaves_plain_channels(self) -> None:
        tensor = np.array([[-128, 127, -128, -1, 3], [-3, 1, -3, 1, 127]], np.int8)
        expected = np.array([[-128, 127, -64, 0, 1], [-3, 1, -1, 0, 63]], np.int8)
        np.testing.assert_array_equal(GRID.codes(tensor), expected)

    def test_json_and_back(self) -> None:
        self.assertEqual(from_json(BlockGrid, as_json(GRID), "", BundleError), GRID)
        for wrong in ({"block": 0}, {"step": 0.0}, {"parts": 3}, {"after": -1}):
            with self.assertRaises(BundleError):
                from_json(BlockGrid, {**as_json(GRID), **wrong}, "", BundleError)


if __name__ == "__main__":
    unittest.main()
