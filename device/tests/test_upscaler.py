from __future__ import annotations

import tempfile
import tracemalloc
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from .. import open_encoder, open_upscaler, upscaler
from ..colour import chroma, enlarge, luma, picture
from ..errors import BundleError, ImageError
from ..quantization import Array
from . import tiny

MB = 1_000_000


def beside(make: Callable[[], Array]) -> float:
    """MB that are in memory at most while an array is made, beside the array itself."""
    tracemalloc.start()
    try:
        made = make()
        return (tracemalloc.get_traced_memory()[1] - made.nbytes) / MB
    finally:
        tracemalloc.stop()


class Bundle(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name) / "tiny"
        tiny.write_pixels(self.folder)


class Upscaling(Bundle):
    def test_colour_pictures_whole_and_in_strips(self) -> None:
        image = np.random.default_rng(0).integers(0, 256, (23, 14, 3), dtype=np.uint8)
        for variant in tiny.PIXELS:
            light = open_encoder(self.folder, variant).numbers(luma(image))
            expected = picture(light, enlarge(chroma(image), 2))
            for strip in (1, 4 * 14 * 5, 1 << 17):
                with mock.patch.object(upscaler, "_STRIP_PIXELS", strip):
                    made = open_upscaler(self.folder, variant).upscale(image)
                self.assertEqual((made.dtype, made.shape), (np.dtype(np.uint8), (46, 28, 3)))
                # The order in which four products are added may differ by the place in a strip.
                self.assertLessEqual(np.abs(made.astype(int) - expected).max(), 1)

    def test_grey_pictures_stay_grey(self) -> None:
        image = np.random.default_rng(1).integers(0, 256, (9, 14, 1), dtype=np.uint8)
        opened = open_upscaler(self.folder)
        self.assertEqual(opened.factor, 2)
        made = opened.upscale(image)
        self.assertEqual(made.shape, (18, 28, 1))
        expected = picture(opened.encoder.numbers(luma(image)))
        np.testing.assert_array_equal(made, expected)
        with mock.patch.object(upscaler, "_STRIP_PIXELS", 1):
            np.testing.assert_array_equal(opened.upscale(image), expected)

    def test_one_pixel(self) -> None:
        self.assertEqual(open_upscaler(self.folder).upscale(np.zeros((1, 1, 3), np.uint8)).shape, (2, 2, 3))

    def test_another_image_is_refused(self) -> None:
        opened = open_upscaler(self.folder)
        wrong: Any
        for wrong, words in (
            (np.zeros((4, 4, 4), np.uint8), r"uint8 \(4, 4, 4\)"),
            (np.zeros((4, 4, 3), np.uint16), r"uint16 \(4, 4, 3\)"),
            (np.zeros((4, 4), np.uint8), r"uint8 \(4, 4\)"),
            (None, "NoneType"),
        ):
            with self.assertRaisesRegex(ImageError, f"image is {words}, expected uint8"):
                opened.upscale(wrong)

    def test_sides_that_no_bitstream_can_tell_are_refused_as_they_are(self) -> None:
        opened = open_upscaler(self.folder)
        for shape in ((0, 4, 3), (4, 0, 1), (65536, 1, 3), (1, 65536, 3)):
            with mock.patch.object(upscaler, "luma", side_effect=AssertionError("computed before it was refused")):
                with self.assertRaises(ImageError) as caught:
                    opened.upscale(np.zeros(shape, np.uint8))
            words = f"image is uint8 {shape}, expected sides of 1 to 65535 pixels; cut it into parts"
            self.assertEqual(str(caught.exception), words)
        self.assertEqual(opened.shape(np.zeros((65535, 1, 3), np.uint8)), (131070, 2, 3))

    def test_another_task_s_bundle_is_refused(self) -> None:
        tiny.write(self.folder)
        with self.assertRaisesRegex(BundleError, "tiny: enlarges nothing: int8 gives codes, expected pixels of luma"):
            open_upscaler(self.folder)


class Memory(Bundle):
    """A whole picture in numbers of four bytes, or a strip that grows with the factor, would be several times this."""

    def test_a_grey_picture_s_is_its_luma(self) -> None:
        image: Array = np.zeros((1200, 1600, 1), np.uint8)
        for variant in tiny.PIXELS:
            opened = open_upscaler(self.folder, variant)
            self.assertLess(beside(lambda opened=opened: opened.upscale(image)), image.nbytes / MB + 6)  # type: ignore[misc]

    def test_a_colour_picture_s_is_its_luma_and_the_enlarged_luma(self) -> None:
        image: Array = np.zeros((1200, 1600, 3), np.uint8)
        opened = open_upscaler(self.folder)
        self.assertLess(beside(lambda: opened.upscale(image)), (1 + 4) * 1200 * 1600 / MB + 6)

    def test_strips_do_not_grow_with_the_factor(self) -> None:
        opened = open_upscaler(self.folder)
        opened.factor = 8
        light: Array = np.zeros((8 * 300, 8 * 400, 1), np.uint8)
        with mock.patch.object(opened.encoder, "numbers", lambda image: light):
            self.assertLess(beside(lambda: opened.upscale(np.zeros((300, 400, 3), np.uint8))), 10)

    def test_luma(self) -> None:
        image: Array = np.zeros((1200, 1600, 3), np.uint8)
        self.assertLess(beside(lambda: luma(image)), 3)


if __name__ == "__main__":
    unittest.main()
