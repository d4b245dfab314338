from __future__ import annotations

import tempfile
import tracemalloc
import unittest
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from .. import open_encoder
from .. import stream as bitstream
from ..errors import BitstreamError, BundleError
from ..inputs import strips
from ..inputs.fixed import Fixed
from ..inputs.strips import Strips
from ..outputs import pixels
from ..outputs.pixels import PixelsDescription, read_pixels
from ..quantization import Array, TensorInfo
from ..records import as_json
from ..runtime import Network, make_interpreter
from . import tiny

INT8 = PixelsDescription(2, 1, "int8", 1 / 255, -128)
INT16 = PixelsDescription(2, 1, "int16", 1 / 32767, 0)
FLOAT = PixelsDescription(2, 1, "float32", 0.0, 0)
SOURCE = Strips(1, 2, 2, 1)


def tensor(description: PixelsDescription, **changes: Any) -> TensorInfo:
    grid = {"dtype": description.dtype, "scale": description.scale, "zero_point": description.zero_point}
    return TensorInfo(**{"name": "t", "shape": (1, 1, 2, 4), **grid, **changes})


def no_file(name: str, sha256: str) -> bytes:
    raise AssertionError(name)


class Payload(unittest.TestCase):
    def test_golden_bytes(self) -> None:
        # Typed in: what a device sends is read like this for ever. One row of two pixels, 2 x 2 pixels of each.
        for description, numbers in (
            (INT8, [-128, -127, 0, 127, -126, 1, 2, 3]),
            (INT16, [-5, 128, 16448, 32767, 257, 16576, 16705, 16833]),
            (FLOAT, [-1.0, 1 / 255, 128 / 255, 9.0, 2.4 / 255, 129 / 255, 130 / 255, 130.6 / 255]),
        ):
            made: Array = np.array(numbers, description.dtype).reshape(1, 1, 2, 4)
            output = description.open(tensor(description), no_file)
            output.prepare(1, 2, (1, 1, 2, 4))
            payload = output.payload([made])
            self.assertEqual(payload.hex(" "), "00 01 02 81 80 ff 82 83")
            found = read_pixels(payload, description, 1, 2)
            self.assertEqual(found.tolist(), [[[0], [1], [2], [129]], [[128], [255], [130], [131]]])
            np.testing.assert_array_equal(found, output.numbers([made]))
            self.assertEqual(output.sizes(found), {"pixels_bytes": 8})

    def test_pixels_that_are_spread_already(self) -> None:
        output = INT8.open(tensor(INT8, shape=(1, 2, 4, 1)), no_file)
        output.prepare(1, 2, (1, 2, 4, 1))
        spread: Array = np.array([-128, -127, -126, 1, 0, 127, 2, 3], np.int8).reshape(1, 2, 4, 1)
        self.assertEqual(output.payload([spread]).hex(" "), "00 01 02 81 80 ff 82 83")

    def test_several_channels_stay_together(self) -> None:
        description = PixelsDescription(2, 3, "float32", 0.0, 0)
        output = description.open(tensor(description), no_file)
        output.prepare(2, 1, (1, 2, 1, 12))
        numbers: Array = np.arange(24, dtype=np.float32).reshape(1, 2, 1, 12) / 255
        expected = [[[0, 1, 2], [3, 4, 5]], [[6, 7, 8], [9, 10, 11]]]
        self.assertEqual(output.numbers([numbers[:, :1], numbers[:, 1:]])[:2].tolist(), expected)

    def test_numbers_belong_to_the_caller(self) -> None:
        output = INT8.open(tensor(INT8), no_file)
        output.prepare(1, 1, (1, 1, 1, 4))
        kept = output.numbers([np.full((1, 1, 1, 4), 5, np.int8)])
        output.numbers([np.zeros((1, 1, 1, 4), np.int8)])
        self.assertEqual(kept.ravel().tolist(), [133] * 4)

    def test_numbers_and_payloads_take_turns(self) -> None:
        output = INT8.open(tensor(INT8), no_file)
        output.prepare(1, 1, (1, 1, 1, 4))
        for number in range(4):
            made = [np.full((1, 1, 1, 4), number, np.int8)]
            self.assertEqual(output.payload(made), bytes([128 + number] * 4))
            kept = output.numbers(made)
            self.assertEqual(output.payload([np.zeros((1, 1, 1, 4), np.int8)]), bytes([128] * 4))
            self.assertEqual(kept.ravel().tolist(), [128 + number] * 4)

    def test_large_strips_are_turned_into_pixels_in_parts(self) -> None:
        for description in (INT8, INT16, FLOAT):
            large = replace(description, factor=8)
            numbers: Array = np.zeros((1, 40, 300, 64), description.dtype)
            output = large.open(tensor(large), no_file)
            output.prepare(40, 300, numbers.shape)
            tracemalloc.start()
            made = output.numbers([numbers])
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            # In float32 all numbers would take four bytes for each pixel, and more than once.
            self.assertLess(peak - made.nbytes, 1_300_000)

    def test_another_length_is_an_error(self) -> None:
        for length in (0, 7, 9):
            with self.assertRaisesRegex(BitstreamError, rf"payload of {length} bytes, expected 8: \(2, 4, 1\) pixels"):
                read_pixels(bytes(length), INT8, 1, 2)

    def test_a_pixel_that_is_no_number_is_an_error(self) -> None:
        output = FLOAT.open(tensor(FLOAT), no_file)
        output.prepare(1, 1, (1, 1, 1, 4))
        with self.assertRaisesRegex(BitstreamError, "no finite number"):
            output.payload([np.full((1, 1, 1, 4), np.nan, np.float32)])

    def test_another_tensor_than_the_image_makes_is_an_error(self) -> None:
        output = INT8.open(tensor(INT8), no_file)
        with self.assertRaisesRegex(BundleError, r"makes \(1, 3, 3, 4\) of 4 x 4 pixels, expected \(1, 4, 4, 4\)"):
            output.prepare(4, 4, (1, 3, 3, 4))


class Description(unittest.TestCase):
    def test_json_and_back(self) -> None:
        for description in (INT8, INT16, FLOAT):
            self.assertEqual(pixels.parse({"kind": "pixels", **as_json(description)}, "output"), description)
            self.assertEqual(description.files(), {})

    def test_the_tag_is_of_all_that_gives_the_payload_its_meaning(self) -> None:
        self.assertEqual(INT8.tag("0" * 64), "50b9ba51")
        changes: list[dict[str, Any]] = [{"factor": 3}, {"channels": 3}, {"scale": 0.5}, {"zero_point": 0}]
        tags = {INT8.tag("0" * 64), INT8.tag("1" * 64), *(replace(INT8, **each).tag("0" * 64) for each in changes)}
        self.assertEqual(len(tags), 6)

    def test_a_tensor_that_does_not_fit_is_refused(self) -> None:
        for description in (INT8, INT16, FLOAT):
            description.check(tensor(description), SOURCE)
            description.check(tensor(description, shape=(1, 2, 4, 1)), SOURCE)
        for changes, words in (
            ({"shape": (1, 1, 1, 9)}, "expected 4 axes and 4 channels, or 1"),
            ({"shape": (1, 4)}, "expected 4 axes"),
            ({"dtype": "int16"}, "the pixels are int8"),
            ({"scale": 0.5}, "scale 0.5"),
        ):
            with self.assertRaisesRegex(BundleError, words):
                INT8.check(tensor(INT8, **changes), SOURCE)
        source: Any
        for source in (Fixed(8, 8, 1), Strips(2, 0, 0, 1)):
            with self.assertRaisesRegex(BundleError, "images of any size, pixel by pixel"):
                INT8.check(tensor(INT8), source)

    def test_wrong_values_are_refused(self) -> None:
        for changes, words in (
            ({"factor": 0}, "factor 0, 1 channels; expected 1 or more"),
            ({"dtype": "uint8"}, "dtype 'uint8'"),
            ({"scale": -1.0}, "scale -1.0"),
        ):
            with self.assertRaisesRegex(BundleError, words):
                replace(INT8, **changes)


class Enlarging(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name) / "tiny"
        self.bundle = tiny.write_pixels(self.folder)

    def expected(self, image: Array) -> Array:
        """By a bare interpreter of the float network, on the whole image with its reflected border."""
        network = Network(make_interpreter(self.bundle.read_network("float32")))
        padded = np.pad(image, ((2, 2), (2, 2), (0, 0)), mode="reflect")
        network.resize((1, *padded.shape))
        network.set((padded / np.float32(255))[None])
        network.invoke()
        height, width = image.shape[:2]
        spread = network.get()[0].reshape(height, width, 2, 2).transpose(0, 2, 1, 3).reshape(2 * height, 2 * width, 1)
        levels: Array = np.clip(np.rint(spread * 255), 0, 255).astype(np.uint8)
        return levels

    def test_images_of_any_size_in_strips(self) -> None:
        random = np.random.default_rng(4)
        for height, width in ((8, 8), (3, 3), (40, 31), (7, 90)):
            image = random.integers(0, 256, (height, width, 1), dtype=np.uint8)
            expected = self.expected(image).astype(int)
            for strip_pixels in (1, 300, 1 << 17):
                with mock.patch.object(strips, "STRIP_PIXELS", strip_pixels):
                    for name, far in (("float32", 0), ("int16x8", 2), ("int8", 8)):
                        opened = open_encoder(self.folder, name)
                        header, payload = bitstream.unpack(opened.encode(image), expect_tag=opened.tag)
                        self.assertEqual((header.height, header.width, header.coder_id), (height, width, 3))
                        found = read_pixels(payload, opened.variant.output, height, width)
                        self.assertLessEqual(np.abs(found - expected).max(), far, (name, height, width, strip_pixels))

    def test_strips_are_exactly_the_whole(self) -> None:
        # Integers are added in any order; a variant that rounds otherwise at a strip's edge would show it there.
        random = np.random.default_rng(9)
        for height, width in ((40, 31), (7, 90), (2, 5)):
            image = random.integers(0, 256, (height, width, 1), dtype=np.uint8)
            for name in ("int8", "int16x8"):
                opened = open_encoder(self.folder, name)
                whole = opened.numbers(image)
                for strip_pixels in (1, 300):
                    for part_numbers in (1, 1 << 17):
                        with mock.patch.object(strips, "STRIP_PIXELS", strip_pixels):
                            with mock.patch.object(pixels, "_PART_NUMBERS", part_numbers):
                                parts = open_encoder(self.folder, name).numbers(image)
                        np.testing.assert_array_equal(parts, whole, f"{name} {height} x {width} by {strip_pixels}")

    def test_stages_give_the_same_as_the_whole(self) -> None:
        images = [np.random.default_rng(size).integers(0, 256, (size, 9, 1), dtype=np.uint8) for size in (30, 31)]
        with mock.patch.object(strips, "STRIP_PIXELS", 60):
            for name in self.bundle.variants:
                opened = open_encoder(self.folder, name)
                whole = opened.encode(images[0])
                opened.encode(images[1])
                opened.quantize(images[0])
                opened.invoke()
                self.assertEqual(opened.code(), whole)


if __name__ == "__main__":
    unittest.main()
