from __future__ import annotations

import unittest
from unittest import mock

import numpy as np

from ...errors import BitstreamError, BundleError
from ...outputs.context_codes import coder as context
from ...outputs.context_codes.coder import ContextCoder
from ...outputs.context_codes.tables import ContextTables
from ...quantization import Array
from . import tiny
from .reference import decode, segments


def smooth(shape: tuple[int, int, int], seed: int) -> Array:
    """Codes whose neighbours resemble them, with a few that are far off."""
    generator = np.random.default_rng(seed)
    codes = np.cumsum(generator.integers(-1, 2, shape), axis=1) // 2
    codes[generator.random(shape) < 0.02] = generator.integers(-128, 128)
    return np.clip(codes, -128, 127).astype(np.int8)


class RoundTrip(unittest.TestCase):
    def check(self, codes: Array) -> bytes:
        coder = ContextCoder(tiny.context_tables(codes.shape[2]), codes.shape)
        payload = coder.encode(codes)
        decoded = decode(payload, coder)
        self.assertEqual(decoded.dtype, np.int8)
        np.testing.assert_array_equal(decoded, codes)
        return payload

    def test_shapes(self) -> None:
        for shape in [(1, 1, 1), (1, 1, 2), (1, 5, 1), (5, 1, 1), (2, 3, 4), (7, 5, 3), (12, 16, 8)]:
            for seed in range(4):
                self.check(smooth(shape, seed))

    def test_any_codes(self) -> None:
        generator = np.random.default_rng(21)
        for shape in [(1, 1, 1), (3, 4, 5), (6, 6, 2)]:
            self.check(generator.integers(-128, 128, shape).astype(np.int8))

    def test_extreme_codes(self) -> None:
        for code in (-128, -127, -1, 0, 1, 126, 127):
            self.check(np.full((4, 5, 3), code, np.int8))
        self.check(np.where(np.indices((5, 6, 3)).sum(0) % 2, -128, 127).astype(np.int8))

    def test_sums_beyond_int16_wrap_in_both_directions(self) -> None:
        tables = tiny.context_tables(2)
        vector = tables.vector.copy()
        vector[-10:] = vector[-32:-22] = 32767  # the weights of scales, of what is left, and of predictors
        coder = ContextCoder(ContextTables(vector), (4, 4, 2))
        codes = np.where(np.indices((4, 4, 2)).sum(0) % 3, -128, 127).astype(np.int8)
        np.testing.assert_array_equal(decode(coder.encode(codes), coder), codes)

    def test_codes_that_are_a_strided_view(self) -> None:
        self.check(smooth((12, 10, 4), 3)[::2, ::-1])

    def test_codes_like_their_neighbours_cost_less(self) -> None:
        codes = np.tile(np.arange(12, dtype=np.int8)[:, None, None], (1, 12, 3))
        shuffled = np.random.default_rng(22).permutation(codes.ravel()).reshape(codes.shape)
        self.assertLess(2 * len(self.check(codes)), len(self.check(shuffled)))


class Strips(unittest.TestCase):
    def test_strips_give_the_payload_of_the_whole(self) -> None:
        codes = smooth((11, 6, 3), 4)
        coder = ContextCoder(tiny.context_tables(), codes.shape)
        whole = coder.encode(codes)
        for cuts in ([4, 8], [1, 2, 3], [0, 11], [10]):
            self.assertEqual(coder.encode_strips(np.split(codes, cuts)), whole)

    def test_several_segments(self) -> None:
        codes = smooth((11, 6, 3), 5)
        with mock.patch.object(context, "SEGMENT_CODES", 4 * 6 * 3):
            coder = ContextCoder(tiny.context_tables(), codes.shape)
        self.assertEqual(coder.segment_rows, 4)
        payload = coder.encode(codes)
        self.assertEqual([row for row, _ in segments(payload, coder)], [0, 4, 8])
        self.assertEqual(coder.encode_strips(np.split(codes, [3, 5, 9])), payload)
        np.testing.assert_array_equal(decode(payload, coder), codes)
        for length in range(len(payload)):
            with self.assertRaises(BitstreamError):
                decode(payload[:length], coder)

    def test_too_few_and_too_many_rows_are_refused(self) -> None:
        coder = ContextCoder(tiny.context_tables(), (4, 2, 3))
        for rows in (0, 3, 5):
            with self.assertRaises(BitstreamError):
                coder.encode_strips([np.zeros((rows, 2, 3), np.int8)])

    def test_other_codes_are_refused(self) -> None:
        coder = ContextCoder(tiny.context_tables(), (4, 2, 3))
        for codes in (np.zeros((4, 2, 3), np.int16), np.zeros((4, 3, 3), np.int8), np.zeros((4, 2), np.int8)):
            with self.assertRaises(BitstreamError):
                coder.encode(codes)
        with self.assertRaises(BundleError):
            ContextCoder(tiny.context_tables(), (4, 2, 4))


class Golden(unittest.TestCase):
    """Integers to bytes: these must never change, or old bitstreams are lost."""

    CODES = np.array([0, 1, -2, 3, 127, -128, 5, 0, 0, -1, 0, 64, 2, 2, 1, 1, 0, -1], np.int8)

    def test_bytes(self) -> None:
        coder = ContextCoder(tiny.context_tables(), (2, 3, 3))
        self.assertEqual(
            coder.encode(self.CODES.reshape(2, 3, 3)).hex(),
            "1300c3ee5055f8bc10183feee75c70c0e2a0ff014000020080fe007f0503",
        )

    def test_one_channel(self) -> None:
        coder = ContextCoder(tiny.context_tables(1), (3, 6, 1))
        self.assertEqual(
            coder.encode(self.CODES.reshape(3, 6, 1)).hex(),
            "1300bff7e7fff673d340bff436e0fffffb20ff00024000ff0005807f03fe",
        )

    def test_tables_digest(self) -> None:
        digest = "4dfc32d3143be642b82f2adcc29b124e1702334cbc4cbd601d4e856310de9438"
        self.assertEqual(tiny.context_tables().sha256, digest)


class Damage(unittest.TestCase):
    def setUp(self) -> None:
        self.codes = smooth((6, 5, 3), 6)
        self.coder = ContextCoder(tiny.context_tables(), self.codes.shape)
        self.payload = self.coder.encode(self.codes)

    def test_every_truncation_and_extension_is_refused(self) -> None:
        for length in range(len(self.payload)):
            with self.assertRaises(BitstreamError):
                decode(self.payload[:length], self.coder)
        for tail in (b"\0", b"\0\0\0\0", b"\xff" * 8):
            with self.assertRaises(BitstreamError):
                decode(self.payload + tail, self.coder)

    def test_damage_is_an_error_or_other_codes(self) -> None:
        generator = np.random.default_rng(7)
        for _ in range(200):
            damaged = bytearray(self.payload)
            for place in generator.integers(0, len(damaged), 3).tolist():
                damaged[place] = int(generator.integers(256))
            try:
                self.assertEqual(decode(bytes(damaged), self.coder).shape, self.codes.shape)
            except BitstreamError:
                continue

    def test_noise_never_raises_anything_else(self) -> None:
        generator = np.random.default_rng(8)
        for _ in range(200):
            noise = bytes(1) + generator.bytes(int(generator.integers(1, 80)))
            try:
                decode(noise, self.coder)
            except BitstreamError:
                continue


if __name__ == "__main__":
    unittest.main()
