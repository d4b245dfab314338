from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

import numpy as np

from ..errors import BitstreamError, BundleError
from ..outputs import entropy
from ..quantization import Array
from . import tiny


def uniform(channels: int) -> Array:
    return np.full((channels, 256), 128, np.uint16)


def skewed(channels: int, code: int) -> Array:
    """All but the least that is allowed on one code."""
    frequencies = np.ones((channels, 256), np.uint16)
    frequencies[:, code + 128] = 2**15 - 255
    return frequencies


def random_tables(generator: np.random.Generator, channels: int) -> Array:
    rows = []
    for _ in range(channels):
        weights = generator.dirichlet(np.full(256, generator.choice([0.01, 0.1, 1.0])))
        row = 1 + np.floor(weights * (2**15 - 256)).astype(np.int64)
        row[np.argmax(row)] += 2**15 - row.sum()
        rows.append(row)
    return np.array(rows, np.uint16)


def encode(codes: Array, tables: entropy.Tables) -> bytes:
    return tables.coder(codes.shape).encode(codes)


def decode(payload: bytes, shape: tuple[int, ...], tables: entropy.Tables) -> Array:
    return tables.coder(shape).decode(payload)


def ideal_bits(codes: Array, tables: entropy.Tables) -> float:
    """The information in the codes under the tables, which no coder can undercut."""
    index = codes.reshape(-1, tables.channels).astype(np.intp) + (np.arange(tables.channels) * 256 + 128)
    return float(15 * codes.size - np.log2(tables.flat_frequencies[index]).sum())


def plain_encode(codes: Array, frequencies: Array) -> bytes:
    """The format by the book, with division and remainder, as an oracle."""
    symbols = []
    for place, code in enumerate(codes.reshape(-1).tolist()):
        row = [int(value) for value in frequencies[place % frequencies.shape[0]]]
        symbols.append((row[code + 128], sum(row[: code + 128])))
    if len(symbols) % 2:
        symbols.append((2**15, 0))
    state, words = 1, b""
    for (fa, ca), (fb, cb) in reversed(list(zip(symbols[::2], symbols[1::2]))):
        f, start = fa * fb, (ca << 15) + fa * cb
        if state >= f << 34:
            words = (state % 2**32).to_bytes(4, "big") + words
            state //= 2**32
        state = (state // f << 30) + start + state % f
    return state.to_bytes((state.bit_length() + 7) // 8, "big") + words


class RoundTrip(unittest.TestCase):
    def check(self, codes: Array, frequencies: Array) -> bytes:
        tables = entropy.Tables(frequencies)
        payload = encode(codes, tables)
        decoded = decode(payload, codes.shape, tables)
        self.assertEqual(decoded.dtype, np.int8)
        np.testing.assert_array_equal(decoded, codes)
        self.assertEqual(payload, plain_encode(codes, frequencies))
        # 30 bits for the first pair, whose information is in the estimate too, and a started byte.
        self.assertLessEqual(8 * len(payload), ideal_bits(codes, tables) + 30 + 8)
        return payload

    def test_shapes_odd_and_even_with_random_tables(self) -> None:
        generator = np.random.default_rng(11)
        shapes = [(1, 1, 1), (1, 1, 2), (1, 3, 1), (3, 3, 3), (2, 5, 7), (8, 8, 8), (4, 4, 192), (33, 3, 1)]
        for shape in shapes:
            for _ in range(4):
                frequencies = random_tables(generator, shape[2])
                self.check(generator.integers(-128, 128, shape).astype(np.int8), frequencies)

    def test_codes_drawn_from_the_tables(self) -> None:
        generator = np.random.default_rng(12)
        frequencies = random_tables(generator, 3)
        tables = entropy.Tables(frequencies)
        columns = [generator.choice(256, 1000, p=row / 2**15) - 128 for row in frequencies]
        codes = np.stack(columns, axis=-1).astype(np.int8).reshape(20, 50, 3)
        payload = self.check(codes, frequencies)
        self.assertLess(8 * len(payload), ideal_bits(codes, tables) + 40)

    def test_one_code_everywhere_costs_next_to_nothing(self) -> None:
        codes = np.full((8, 8, 8), -7, np.int8)
        self.assertLessEqual(len(self.check(codes, skewed(8, -7))), 6)

    def test_codes_never_seen_in_training(self) -> None:
        for code in (-128, -1, 0, 127):
            codes = np.full((5, 5, 3), code, np.int8)
            self.check(codes, skewed(3, 1 if code == 0 else 0))

    def test_one_symbol_of_every_value(self) -> None:
        for code in range(-128, 128):
            self.check(np.full((1, 1, 1), code, np.int8), uniform(1))

    def test_codes_that_are_a_strided_view(self) -> None:
        codes = np.random.default_rng(13).integers(-20, 20, (6, 8, 4)).astype(np.int8)
        self.check(codes[::2, ::-1], tiny.tables())

    def test_coder_can_be_used_again(self) -> None:
        coder = entropy.Tables(tiny.tables()).coder((2, 2, 4))
        first, second = np.full((2, 2, 4), 3, np.int8), np.full((2, 2, 4), -90, np.int8)
        payload = coder.encode(first)
        coder.encode(second)
        self.assertEqual(coder.encode(first), payload)
        coder.decode(payload)
        np.testing.assert_array_equal(coder.decode(payload), first)


class Golden(unittest.TestCase):
    """Integers to bytes: these must never change, or old bitstreams are lost."""

    CODES = np.array([0, 1, -2, 3, 127, -128, 5, 0, 0, -1, 0, 64], np.int8)

    def test_even_count(self) -> None:
        payload = encode(self.CODES.reshape(1, 3, 4), entropy.Tables(tiny.tables()))
        self.assertEqual(payload.hex(), "24a776c06043b7062ecb4747")

    def test_odd_count(self) -> None:
        payload = encode(self.CODES[:9].reshape(1, 3, 3), entropy.Tables(tiny.tables(3)))
        self.assertEqual(payload.hex(), "1d1053602dc403eed05117")

    def test_rare_codes(self) -> None:
        payload = encode(self.CODES.reshape(2, 3, 2), entropy.Tables(skewed(2, 0)))
        self.assertEqual(payload.hex(), "827f818a80c03f7f83ffff8000ffc2ff40")

    def test_tables_digest(self) -> None:
        digest = entropy.Tables(uniform(2)).sha256
        self.assertEqual(digest, "9d55634106c53c3ddf52d76286515388343e5244752333137ee62088ddcde523")


class Damage(unittest.TestCase):
    def setUp(self) -> None:
        self.tables = entropy.Tables(tiny.tables())
        self.codes = np.random.default_rng(14).integers(-30, 30, (4, 4, 4)).astype(np.int8)
        self.payload = encode(self.codes, self.tables)

    def test_every_truncation_and_extension_is_refused(self) -> None:
        for length in range(len(self.payload)):
            with self.assertRaises(BitstreamError):
                decode(self.payload[:length], self.codes.shape, self.tables)
        for tail in (b"\0", b"\0\0\0\0", b"\xff" * 8):
            with self.assertRaises(BitstreamError):
                decode(self.payload + tail, self.codes.shape, self.tables)

    def test_leading_zero_is_refused(self) -> None:
        with self.assertRaises(BitstreamError):
            decode(b"\0" + self.payload, self.codes.shape, self.tables)

    def test_noise_never_raises_anything_else(self) -> None:
        generator = np.random.default_rng(15)
        for _ in range(200):
            noise = generator.bytes(int(generator.integers(1, 60)))
            try:
                decoded = decode(noise, self.codes.shape, self.tables)
            except BitstreamError:
                continue
            self.assertEqual(encode(decoded, self.tables), noise)

    def test_other_shape_or_dtype_is_refused(self) -> None:
        coder = self.tables.coder((4, 4, 4))
        for codes in (self.codes[:2], self.codes.astype(np.int16)):
            with self.assertRaises(BitstreamError):
                coder.encode(codes)
        with self.assertRaises(BundleError):
            self.tables.coder((4, 4, 3))


class TablesFile(unittest.TestCase):
    def refused(self, frequencies: Array, word: str) -> None:
        with self.assertRaisesRegex(BundleError, word):
            entropy.Tables(frequencies)

    def test_wrong_tables_are_refused(self) -> None:
        good = tiny.tables()
        self.refused(good.astype(np.int32), "uint16")
        self.refused(good[:, :255], "uint16")
        self.refused(good[0], "uint16")
        self.refused(good[:0], "possible")
        zero = good.copy()
        zero[1, 0] = 0
        self.refused(zero, "possible")
        more = good.copy()
        more[2, 0] += 1
        self.refused(more, "channel 2 sums to 32769")

    def test_file_round_trip(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "tables.npy"
            np.save(path, tiny.tables())
            read = entropy.parse_tables(path.read_bytes(), path)
            np.testing.assert_array_equal(read.frequencies, tiny.tables())
            path.write_bytes(b"nothing like it")
            with self.assertRaisesRegex(BundleError, "tables.npy"):
                entropy.parse_tables(path.read_bytes(), path)
            np.save(path, np.array([{}], object), allow_pickle=True)
            with self.assertRaisesRegex(BundleError, "tables.npy"):
                entropy.parse_tables(path.read_bytes(), path)

    def test_frequencies_cannot_be_changed_afterwards(self) -> None:
        source = tiny.tables()
        tables = entropy.Tables(source)
        source[0, 0] += 1
        self.assertEqual(int(tables.frequencies[0].sum()), 2**15)
        with self.assertRaises(ValueError):
            tables.frequencies[0, 0] = 7


if __name__ == "__main__":
    unittest.main()
