from __future__ import annotations

import unittest

import numpy as np

from ...errors import BitstreamError
from ...outputs.context_codes import lanes
from ...quantization import Array
from .reference import Decoder

FREQUENCIES = np.array([31000, 900, 600, 267, 1], np.uint16)
STARTS = (np.cumsum(FREQUENCIES) - FREQUENCIES).astype(np.uint16)


def draw(count: int, seed: int, flat: float = 0.0) -> Array:
    """Symbols as the table has them, or more evenly."""
    weights = FREQUENCIES + flat * 2**15
    return np.random.default_rng(seed).choice(len(weights), count, p=weights / weights.sum())


def encode(symbols: Array, exponent: int, extra: bytes = b"") -> bytes:
    return lanes.encode(FREQUENCIES[symbols].astype(np.uint32) << np.uint32(16) | STARTS[symbols], exponent, extra)


def decode(payload: bytes, count: int, extra: int = 0) -> tuple[list[int], bytes]:
    decoder, symbols = Decoder(payload, count), []
    for _ in range(count):
        symbol = int(np.searchsorted(STARTS, decoder.slot(), "right")) - 1
        decoder.advance(int(FREQUENCIES[symbol]), int(STARTS[symbol]))
        symbols.append(symbol)
    rest = bytes(decoder.extra() for _ in range(extra))
    decoder.finish()
    return symbols, rest


class RoundTrip(unittest.TestCase):
    def test_counts_lanes_and_extra_bytes(self) -> None:
        for count in (1, 2, 3, 16, 31, 32, 33, 500, 4001):
            for exponent in (-1, 0, 1, 3, 5, 7):
                for flat in (0.0, 1.0):
                    symbols = draw(count, count, flat)
                    payload = encode(symbols, exponent, b"xyz"[: count % 4])
                    self.assertEqual(decode(payload, count, count % 4), (symbols.tolist(), b"xyz"[: count % 4]))

    def test_lanes_double_as_soon_as_words_fill_them(self) -> None:
        payload = encode(draw(40000, 1, 0.3), 6)
        self.assertEqual(payload[0], 5 | 1 << 4)
        self.assertLess(max(payload[1:6]), 12)

    def test_a_few_symbols_get_one_lane(self) -> None:
        self.assertEqual(encode(draw(9, 2), 5)[0], 0)

    def test_cheap_symbols_never_fill_a_lane(self) -> None:
        payload = encode(np.zeros(300, np.intp), 5)
        self.assertEqual(payload[0], 0)
        self.assertEqual(decode(payload, 300)[0], [0] * 300)

    def test_overhead_is_a_byte_a_lane_at_most(self) -> None:
        symbols = draw(100000, 3, 0.2)
        ideal = float(15 * len(symbols) - np.log2(FREQUENCIES[symbols]).sum()) / 8
        for exponent in (0, 5, 6, 8):
            first = 4 << max(0, exponent - 5)
            self.assertLess(len(encode(symbols, exponent)), 1.002 * ideal + 2**exponent + first + 12)


class Golden(unittest.TestCase):
    """Integers to bytes: these must never change, or old bitstreams are lost."""

    SYMBOLS = np.array([0, 1, 0, 0, 4, 2, 0, 3, 0, 0, 1, 0, 0])

    def test_one_lane(self) -> None:
        self.assertEqual(encode(self.SYMBOLS, 0, b"ab").hex(), "0035f0226efda0bf4ca3386261")

    def test_several_lanes(self) -> None:
        self.assertEqual(
            encode(np.tile(self.SYMBOLS, 20), 2).hex(),
            "020101cc06f2d1fffff6de54dafde40033e02ea000c7f81c8818602cdb0040f5ff3c9f1f83379086f3d778fa66484932ab8ef3fe691a27"
            "c3a80efdf1a8e26d0e244ddb561ebb28bcb3cfd35825852c407d4aa587fa897d56bb038ae7e1c6cdbffffdb82806b4e17ffffea4",
        )


class Damage(unittest.TestCase):
    def setUp(self) -> None:
        self.symbols = draw(3000, 4, 0.2)
        self.payload = encode(self.symbols, 4)

    def test_every_truncation_and_extension_is_refused(self) -> None:
        for length in range(0, len(self.payload), 7):
            with self.assertRaises(BitstreamError):
                decode(self.payload[:length], 3000)
        for tail in (b"\0", b"\0\0\0\0", b"\xff" * 8):
            with self.assertRaises(BitstreamError):
                decode(self.payload + tail, 3000)

    def test_another_count_is_refused(self) -> None:
        for count in (1, 100, 2997, 3003, 9000):
            with self.assertRaises(BitstreamError):
                decode(self.payload, count)

    def test_noise_never_raises_anything_else(self) -> None:
        generator = np.random.default_rng(5)
        for _ in range(300):
            noise = bytearray(self.payload[: int(generator.integers(1, 200))])
            for place in generator.integers(0, min(len(noise), 30), 3).tolist():
                noise[place] = int(generator.integers(256))
            with self.assertRaises(BitstreamError):
                decode(bytes(noise), 3000)


if __name__ == "__main__":
    unittest.main()
