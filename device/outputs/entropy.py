"""Entropy coding of codes: static per-channel integer tables and rANS over pairs of symbols.

Asymmetric numeral systems, Duda 2013, https://arxiv.org/abs/1311.2540, in the range variant. Everything here
is an integer, so the same codes and tables make the same bytes on every machine:

    codes --Tables--> (frequency, cumulative) per symbol --Coder--> payload

Two neighbours a, b form one symbol of 2 * TABLE_BITS bits: frequency fa * fb, start (ca << 15) + fa * cb. The
interval is the one that coding them one after the other would reach, exactly, in half the steps.

The payload is the final state, big-endian in the fewest bytes, then 32-bit words, big-endian, in the order in
which the decoder takes them. The state starts at 1, not at 2**32, which would cost 4 bytes more; the first pair
coded still costs its full 30 bits, whatever its frequency. The state's length needs no field: if there are words,
the state is at least 2**32 and takes 5 to 8 bytes, and which of these the payload's length modulo 4 tells.

Where the C coder is built, native/coder.c encodes, with the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle, islice
from struct import Struct
from typing import Any

import numpy as np

from ..errors import BitstreamError, BundleError
from ..files import sha256_bytes
from ..quantization import Array, parse_array
from .native import Library

CODER_ID = 0  # static per-channel tables, rANS over pairs; what a header's coder id 0 means, for ever
TABLE_BITS = 15
TOTAL = 1 << TABLE_BITS
SYMBOLS = 256
_PAIR_BITS = 2 * TABLE_BITS
_PAIR_TOTAL = 1 << _PAIR_BITS
_WORD_BITS = 32
_LOW = 1 << _WORD_BITS  # with words out, the state stays in 2**32 .. 2**64 - 1
_LIMIT_SHIFT = _WORD_BITS + _WORD_BITS - _PAIR_BITS  # above frequency << this, coding would leave that range


class Tables:
    """A model of the codes: how often, out of 2**15, each code appears in each channel.

    Attributes:
        frequencies: uint16 (channels, 256), read-only; column i is code i - 128; every entry at least 1, so
            that every possible code can be coded; every row sums to 2**15.
        sha256: digest of the frequencies as little-endian bytes, whatever file they came from.
    """

    def __init__(self, frequencies: Array, where: object = "tables") -> None:
        """Checks and keeps `frequencies`; raises BundleError naming `where`."""
        if frequencies.dtype != np.uint16 or frequencies.ndim != 2 or frequencies.shape[1:] != (SYMBOLS,):
            raise BundleError(
                f"{where}: {frequencies.dtype} {frequencies.shape}, expected uint16 (channels, {SYMBOLS})"
            )
        if not frequencies.shape[0] or frequencies.min() < 1:
            raise BundleError(f"{where}: a frequency of 0; every code must be possible")
        sums = frequencies.sum(axis=1, dtype=np.int64)
        if (sums != TOTAL).any():
            row = int(np.argmax(sums != TOTAL))
            raise BundleError(f"{where}: channel {row} sums to {sums[row]}, expected {TOTAL}")
        self.frequencies: Array = np.array(frequencies, np.uint16, order="C")
        self.frequencies.flags.writeable = False
        self.channels: int = frequencies.shape[0]
        self.sha256: str = sha256_bytes(self.frequencies.astype("<u2").tobytes())
        wide = self.frequencies.astype(np.int64)
        self.flat_frequencies: Array = wide.reshape(-1)
        self.flat_cumulative: Array = (np.cumsum(wide, axis=1) - wide).reshape(-1)
        self._coders: dict[tuple[int, ...], Coder] = {}

    def coder(self, shape: Sequence[int]) -> Coder:
        """The coder for codes of `shape` (height, width, channels), made once."""
        key = tuple(shape)
        if key not in self._coders:
            self._coders[key] = Coder(self, key)
        return self._coders[key]


class Coder:
    """Codes of one shape to bytes and back. Buffers are prepared and shared: one thread at a time."""

    def __init__(self, tables: Tables, shape: tuple[int, ...], library: Library | None = None) -> None:
        """Prepares everything that depends only on the shape (height, width, channels); encodes in C with a library."""
        if len(shape) != 3 or min(shape) < 1 or shape[2] != tables.channels:
            raise BundleError(f"codes of shape {shape} do not fit tables of {tables.channels} channels")
        self.tables, self.shape = tables, shape
        self._count = shape[0] * shape[1] * shape[2]
        self._native: Any = None
        if library:
            from .native.calls import StaticCall

            self._native = StaticCall(library, tables.flat_frequencies, tables.flat_cumulative, self._count)
        pairs, seconds = (self._count + 1) // 2, self._count // 2
        offsets = np.arange(self._count, dtype=np.intp) % tables.channels * SYMBOLS + SYMBOLS // 2
        self._offset_a, self._offset_b = offsets[::2].copy(), offsets[1::2].copy()
        self._index_a, self._index_b = np.empty(pairs, np.intp), np.empty(seconds, np.intp)
        self._frequency_a, self._start_a = np.empty(pairs, np.int64), np.empty(pairs, np.int64)
        # An odd count is filled up with a symbol that is certain (frequency 2**15, start 0) and costs nothing.
        self._frequency_b, self._start_b = np.full(pairs, TOTAL, np.int64), np.zeros(pairs, np.int64)
        self._into_b = self._frequency_b[:seconds], self._start_b[:seconds]
        self._row_pairs: list[tuple[bytes, list[int], list[int], bytes, list[int], list[int]]] = []

    def encode(self, codes: Array) -> bytes:
        """Codes, int8 of this coder's shape, to the payload; raises BitstreamError for another shape or dtype."""
        if codes.shape != self.shape or codes.dtype != np.int8:
            raise BitstreamError(f"codes are {codes.dtype} {codes.shape}, this coder takes int8 {self.shape}")
        if self._native is not None:
            payload: bytes = self._native.encode(codes)
            return payload
        flat, tables = codes.reshape(-1), self.tables
        fa, ca, fb, cb = self._frequency_a, self._start_a, self._frequency_b, self._start_b
        np.add(flat[::2], self._offset_a, out=self._index_a)
        np.add(flat[1::2], self._offset_b, out=self._index_b)
        # mode="clip" lets numpy write into `out` without a buffer of its own; no index is out of range.
        tables.flat_frequencies.take(self._index_a, out=fa, mode="clip")
        tables.flat_cumulative.take(self._index_a, out=ca, mode="clip")
        tables.flat_frequencies.take(self._index_b, out=self._into_b[0], mode="clip")
        tables.flat_cumulative.take(self._index_b, out=self._into_b[1], mode="clip")
        np.left_shift(ca, TABLE_BITS, out=ca)
        np.multiply(fa, cb, out=cb)
        np.add(ca, cb, out=ca)
        np.multiply(fa, fb, out=fa)
        words: list[int] = []
        push = words.append
        total, shift, state = _PAIR_TOTAL, _LIMIT_SHIFT, 1
        # Last pair first: a stack, so that the decoder finds the first pair on top.
        for f, start in zip(reversed(fa.tolist()), reversed(ca.tolist())):
            if state >> shift >= f:
                push(state & 0xFFFFFFFF)
                state >>= _WORD_BITS
            # (state // f << 30) + start + state % f, without the remainder
            state += start + state // f * (total - f)
        words.reverse()
        return state.to_bytes((state.bit_length() + 7) >> 3, "big") + Struct(f">{len(words)}I").pack(*words)

    def decode(self, payload: bytes) -> Array:
        """Payload to codes, int8 of this coder's shape; raises BitstreamError for one that `encode` does not make."""
        length = len(payload)
        state_bytes = length if length < 5 else (length - 1) % 4 + 5
        if not length or not payload[0]:
            raise BitstreamError(f"payload of {length} bytes does not begin with a coder state; damaged")
        state = int.from_bytes(payload[:state_bytes], "big")
        words = iter(Struct(f">{(length - state_bytes) // 4}I").unpack_from(payload, state_bytes))
        symbols = bytearray()
        push = symbols.append
        mask = _PAIR_TOTAL - 1
        low, pair_bits, table_bits, word_bits = _LOW, _PAIR_BITS, TABLE_BITS, _WORD_BITS
        for slots_a, frequencies_a, starts_a, slots_b, frequencies_b, starts_b in self._rows():
            slot = state & mask
            a = slots_a[slot >> table_bits]
            f = frequencies_a[a]
            rest = slot - (starts_a[a] << table_bits)
            b = slots_b[rest // f]
            state = (state >> pair_bits) * f * frequencies_b[b] + rest - f * starts_b[b]
            push(a)
            push(b)
            if state < low:
                # Without words left this is the beginning of the encoder's way, where the state is small.
                for word in words:
                    state = state << word_bits | word
                    break
        if state != 1 or next(words, None) is not None:
            raise BitstreamError("payload does not end where its codes end; damaged, or coded with other tables")
        codes = np.frombuffer(symbols, np.uint8, self._count) ^ np.uint8(0x80)
        return codes.view(np.int8).reshape(self.shape)

    def _rows(self) -> list[tuple[bytes, list[int], list[int], bytes, list[int], list[int]]]:
        # Of both of each pair: symbol of each of the 2**15 slots, frequencies, cumulative; made at first use.
        if not self._row_pairs:
            tables, symbols = self.tables, np.arange(SYMBOLS, dtype=np.uint8)
            channels = [
                (np.repeat(symbols, row).tobytes(), row.tolist(), start.tolist())
                for row, start in zip(tables.frequencies, tables.flat_cumulative.reshape(-1, SYMBOLS))
            ]
            rows = list(islice(cycle(channels), self._count))
            if self._count % 2:
                rows.append((bytes(TOTAL), [TOTAL], [0]))
            self._row_pairs = [a + b for a, b in zip(rows[::2], rows[1::2])]
        return self._row_pairs


def parse_tables(data: bytes, path: object) -> Tables:
    """Tables from the bytes of the file `path`; raises BundleError naming it."""
    return Tables(parse_array(data, path), path)
