"""The coder in C gives numpy's bytes, and the plain reference decodes them."""

from __future__ import annotations

import unittest
from unittest import mock

import numpy as np

from ...errors import BitstreamError, BundleError
from ...outputs.context_codes import coder as context
from ...outputs.context_codes.coder import ContextCoder
from ...outputs.context_codes.tables import ContextTables
from ...outputs.entropy import Coder, Tables
from ...quantization import Array
from ..context_codes import reference, tiny
from . import random_tables
from .compiled import Compiled


class Static(Compiled):
    def payloads(self, tables: Tables, codes: Array) -> tuple[bytes, bytes, Coder]:
        coder = Coder(tables, codes.shape)
        return Coder(tables, codes.shape, self.library).encode(codes), coder.encode(codes), coder

    def test_random_tables_and_shapes(self) -> None:
        generator = np.random.default_rng(31)
        for _ in range(300):
            shape = (int(generator.integers(1, 9)), int(generator.integers(1, 9)), int(generator.integers(1, 12)))
            tables = Tables(random_tables.frequencies(shape[2], 256, generator))
            codes = random_tables.codes(shape, generator)
            payload, expected, coder = self.payloads(tables, codes)
            self.assertEqual(payload, expected)
            np.testing.assert_array_equal(coder.decode(payload), codes)

    def test_a_million_codes(self) -> None:
        generator = np.random.default_rng(32)
        tables = Tables(random_tables.frequencies(7, 256, generator))
        codes = generator.integers(-128, 128, (373, 385, 7)).astype(np.int8)
        payload, expected, coder = self.payloads(tables, codes)
        self.assertEqual(payload, expected)
        np.testing.assert_array_equal(coder.decode(payload), codes)

    def test_codes_that_are_a_strided_view(self) -> None:
        generator = np.random.default_rng(33)
        tables = Tables(random_tables.frequencies(3, 256, generator))
        codes = generator.integers(-128, 128, (4, 10, 3)).astype(np.int8)[:, ::-2]
        payload, expected, _ = self.payloads(tables, codes)
        self.assertEqual(payload, expected)

    def test_it_is_the_library_that_encodes(self) -> None:
        tables = Tables(random_tables.frequencies(1, 256, np.random.default_rng(34)))
        coder = Coder(tables, (2, 2, 1), self.library)
        with mock.patch.object(coder, "_native") as native:
            native.encode.return_value = b"from C"
            self.assertEqual(coder.encode(np.zeros((2, 2, 1), np.int8)), b"from C")


class Context(Compiled):
    def check(self, tables: ContextTables, codes: Array, decoded: bool = True) -> bytes:
        coder = ContextCoder(tables, codes.shape)
        payload = ContextCoder(tables, codes.shape, self.library).encode(codes)
        self.assertEqual(payload, coder.encode(codes), f"{codes.shape}, tables {tables.sha256[:8]}")
        if decoded:
            np.testing.assert_array_equal(reference.decode(payload, coder), codes)
        return payload

    def test_random_tables_and_shapes(self) -> None:
        generator = np.random.default_rng(41)
        sides = (1, 1, 2, 3, 6, 7, 14, 15, 16, 17, 31, 33, 49)
        for _ in range(250):
            rows, columns = (int(generator.choice(sides)) for _ in range(2))
            channels = int(generator.integers(1, 9))
            tables = random_tables.context_tables(channels, generator)
            codes = random_tables.codes((rows, columns, channels), generator)
            self.check(tables, codes, decoded=codes.size < 300)

    def test_every_small_shape(self) -> None:
        generator = np.random.default_rng(42)
        tables = tiny.context_tables(2)
        for rows in range(1, 6):
            for columns in range(1, 20):
                self.check(tables, random_tables.codes((rows, columns, 2), generator))

    def test_millions_of_codes(self) -> None:
        generator = np.random.default_rng(43)
        for spread in (0.2, 0.7, 3.0):
            codes = np.clip(np.rint(generator.laplace(size=(300, 310, 12)) * spread), -128, 127).astype(np.int8)
            self.check(tiny.context_tables(12), codes, decoded=False)

    def test_as_many_lanes_as_there_are(self) -> None:
        # One row, since a row is never cut: more than 150 * 2**12 remainders that are not 0.
        generator = np.random.default_rng(44)
        codes = generator.integers(-128, 128, (1, 40000, 17)).astype(np.int8)
        payload = self.check(tiny.context_tables(17), codes, decoded=False)
        self.assertEqual(payload[3], 7 << 4 | 5)

    def test_several_segments_and_strips(self) -> None:
        generator = np.random.default_rng(45)
        tables = random_tables.context_tables(3, generator)
        codes = random_tables.codes((23, 18, 3), generator)
        with mock.patch.object(context, "SEGMENT_CODES", 4 * 18 * 3):
            payload = self.check(tables, codes)
            coder = ContextCoder(tables, codes.shape, self.library)
        for cuts in ([5, 9], [1, 2, 3, 22], [4, 8, 12], []):
            self.assertEqual(coder.encode_strips(np.split(codes, cuts)), payload)

    def test_an_image_is_not_coded_below_the_one_before(self) -> None:
        codes = random_tables.codes((3, 5, 3), np.random.default_rng(46)) + np.int8(9)
        coder = ContextCoder(tiny.context_tables(), codes.shape, self.library)
        first = coder.encode(codes)
        self.assertEqual(coder.encode(codes), first)
        with self.assertRaises(BitstreamError):  # an image that ends early leaves nothing either
            coder.encode_strips([codes[:2]])
        self.assertEqual(coder.encode(codes), first)

    def test_the_largest_radius(self) -> None:
        generator = np.random.default_rng(47)
        for radius in (253, 254):
            tables = random_tables.context_tables(2, generator, radius)
            self.check(tables, generator.integers(-128, 128, (9, 9, 2)).astype(np.int8))

    def test_tables_that_are_damaged_in_memory_are_an_error(self) -> None:
        codes = np.random.default_rng(48).integers(-128, 128, (5, 5, 3)).astype(np.int8)
        for name, value in (("symbols", 0xFFFFFFFF), ("score_places", 0xFFFF), ("escapes", 1)):
            tables = tiny.context_tables()
            getattr(tables, name)[:] = value
            with self.assertRaisesRegex(BundleError, "the C coder refuses these tables"):
                ContextCoder(tables, codes.shape, self.library).encode(codes)


if __name__ == "__main__":
    unittest.main()
