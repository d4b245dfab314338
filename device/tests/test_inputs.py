from __future__ import annotations

import unittest

import numpy as np

from ..errors import BundleError
from ..inputs.fixed import Fixed
from ..inputs.strips import Strips, put_pixels, reflected
from ..quantization import TensorInfo
from . import tiny

STRIPS = Strips(4, 2, 3, 3)


class Sizes(unittest.TestCase):
    def test_fixed_takes_one_size(self) -> None:
        fixed = Fixed(8, 6, 3)
        self.assertTrue(fixed.takes((8, 6, 3)))
        for shape in ((6, 8, 3), (8, 6), (8, 6, 1)):
            self.assertFalse(fixed.takes(shape))
        self.assertIn("(8, 6, 3)", fixed.wanted)
        self.assertEqual(fixed.macs(100, tiny.OUTPUTS["int8"], 8, 6), 100)

    def test_strips_take_what_a_header_can_tell(self) -> None:
        self.assertEqual(STRIPS.blocks(8, 9), (2, 3))
        self.assertEqual(STRIPS.pixels(3), 17)
        for shape in ((1, 1, 3), (65535, 7, 3)):
            self.assertTrue(STRIPS.takes(shape))
        for other in ((0, 8, 3), (65536, 8, 3), (8, 8, 1), (8, 8)):
            self.assertFalse(STRIPS.takes(other), other)

    def test_macs_are_those_of_the_images_blocks(self) -> None:
        tensor = TensorInfo("image", (1, 64, 768, 3), "int8", 1 / 255, -128)
        blocks = Strips(16, 0, 0, 3)
        self.assertEqual(blocks.macs(22_413_312, tensor, 256, 384), 2 * 22_413_312)
        self.assertEqual(blocks.macs(22_413_312, tensor, 512, 768), 8 * 22_413_312)
        self.assertEqual(blocks.macs(192, tensor, 17, 1), 2)

    def test_tensors_that_do_not_fit_are_refused(self) -> None:
        Fixed(8, 8, 3).check(tiny.INPUTS["float32"])
        with self.assertRaisesRegex(BundleError, "shape"):
            Fixed(8, 9, 3).check(tiny.INPUTS["int8"])
        for tensor in tiny.INPUTS.values():
            Strips(4, 0, 0, 3).check(tensor)
        with self.assertRaisesRegex(BundleError, "expected 4 axes and 1 channels"):
            Strips(4, 0, 0, 1).check(tiny.INPUTS["float32"])
        with self.assertRaises(BundleError):
            Strips(0, 0, 0, 3)

    def test_a_tensor_without_room_for_a_block_is_refused(self) -> None:
        source = Strips(4, 2, 3, 3)
        for shape in ((1, 9, 9, 3), (1, 12, 9, 3)):
            source.check(TensorInfo("image", shape, "float32", 0.0, 0))
            self.assertGreater(source.macs(100, TensorInfo("image", shape, "float32", 0.0, 0), 8, 8), 0)
        for shape in ((1, 8, 9, 3), (1, 9, 5, 3), (1, 1, 1, 3)):
            with self.assertRaisesRegex(BundleError, "expected sides of 9 or more: room for a block"):
                source.check(TensorInfo("image", shape, "float32", 0.0, 0))


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
            whole = image[rows][:, columns]
            for top, part in ((-2, 30), (-2, 5), (0, 6), (2, 12), (4, 24)):
                expected = whole[top + 2 : top + 2 + part]
                for flip in (0, 0x80):
                    out = np.zeros((part, 30, 3), np.uint8)
                    put_pixels(image, (top, -2), out, flip)
                    np.testing.assert_array_equal(out, expected ^ flip, str((height, width, top)))


if __name__ == "__main__":
    unittest.main()
