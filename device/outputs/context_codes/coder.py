"""Coder id 1: each code is coded with a table chosen by codes that the decoder knows already. All in integers.

A row of blocks is coded channel by channel, and each channel from left to right. What a code's table depends on is in
tables.py: codes of neighbouring blocks and of the channels before. The encoder knows all codes and computes
all contexts at once (planes.py); only the decoder goes code by code. The symbols then go to interleaved
coders: lanes.py. Where the C coder is built, ../native/coder.c does all this, with the same bytes.

A payload has one segment per `segment_rows` rows of blocks, so that memory is bounded; in front of each but the last
stand 3 bytes, its length. A segment is the number of its symbols and a payload of lanes.py, its extra bytes the codes
that were escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ...errors import BitstreamError, BundleError
from ...quantization import Array
from ..native import Library
from . import lanes
from .planes import code_planes, companded_planes, fold, inside, last_row, predict, weigh
from .tables import GROUP, QUIET_CAP, SCORES, TOTAL, ContextTables

Above = tuple[Array, Array]
CODER_ID = 1  # tables chosen by context, interleaved rANS over pairs; what a header's coder id 1 means, for ever
SEGMENT_CODES = 1 << 19
LENGTH_BYTES = 3  # of a segment's length
# How many lanes: one costs about 5 bits, and so does a remainder that is not 0. But codes take a row of lanes their
# time however little they cost, so cheap ones get lanes by their number.
_REMAINDERS_PER_LANE = 150
_SYMBOLS_PER_LANE = 3072
_CHANNELS = 32


class ContextCoder:
    """Codes of one shape (rows, columns, channels) to bytes; `segment_rows` rows of blocks are coded together.

    With a library one thread at a time: its buffers are prepared.
    """

    def __init__(self, tables: ContextTables, shape: Sequence[int], library: Library | None = None) -> None:
        """Encodes in C with a library; raises BundleError if codes of this shape do not fit the tables."""
        self.tables, self.shape = tables, tuple(shape)
        if len(self.shape) != 3 or min(self.shape) < 1 or self.shape[2] != tables.channels:
            raise BundleError(f"codes of shape {self.shape} do not fit tables of {tables.channels} channels")
        self.segment_rows: int = max(1, SEGMENT_CODES // (self.shape[1] * self.shape[2]))
        self._native: Any = None
        if library:
            from .compiled import ContextCall

            self._native = ContextCall(library, tables, self.shape[1], min(self.segment_rows, self.shape[0]))

    def encode(self, codes: Array) -> bytes:
        """Codes int8, of this coder's shape, to payload; raises BitstreamError for other codes."""
        return self.encode_strips([codes])

    def encode_strips(self, strips: Iterable[Array]) -> bytes:
        """Like `encode`, of codes that come in strips: int8 (rows, columns, channels), any number of rows each.

        Holds the codes of one segment at a time, and the payload.
        """
        missing, columns, channels = self.shape
        waiting = np.zeros((0, columns, channels), np.int8)
        above = self._nothing_above()
        if self._native is not None:
            self._native.begin()
        segments: list[bytes] = []
        for strip in strips:
            if strip.dtype != np.int8 or strip.shape[1:] != (columns, channels) or len(strip) > missing:
                raise BitstreamError(f"codes are {strip.dtype} {strip.shape}, this coder takes int8 {self.shape}")
            missing -= len(strip)
            waiting = np.concatenate((waiting, strip))
            while len(waiting) >= self.segment_rows or (len(waiting) and not missing):
                segment, above = self._encode_segment(waiting[: self.segment_rows], above)
                segments.append(segment)
                waiting = waiting[self.segment_rows :]
        if missing:
            raise BitstreamError(f"codes end {missing} rows before those of {self.shape} do")
        lengths = [len(segment).to_bytes(LENGTH_BYTES, "little") for segment in segments[:-1]]
        return b"".join(length + segment for length, segment in zip((*lengths, b""), segments))

    def _encode_segment(self, codes: Array, above: Above) -> tuple[bytes, Above]:
        """Codes int8 (rows, columns, channels) to a segment; `above` and what is returned beside it: rows of planes."""
        if self._native is not None:
            return self._native.encode(codes), above
        sequence, extra, nonzero, above = self.symbols(codes, above)
        most_lanes = max(nonzero // _REMAINDERS_PER_LANE, len(sequence) // _SYMBOLS_PER_LANE)
        return _number(len(sequence)) + lanes.encode(sequence, most_lanes.bit_length() - 1, extra), above

    def symbols(self, codes: Array, above: Above | None = None) -> tuple[Array, bytes, int, Above]:
        """What is coded for some rows of blocks, int8 (rows, columns, channels), below the rows of planes `above`.

        Returns symbols as `lanes.encode` takes them, extra bytes, how many remainders are not 0, and the next `above`.
        """
        tables, stride = self.tables, self.shape[1] + 2
        above = above or self._nothing_above()
        planes = code_planes(codes, above[0])
        remainder, skew = predict(planes, tables.predictors, stride)
        companded = companded_planes(remainder, tables.companding, above[1])
        score = weigh(companded, tables.scales, stride)
        asked, flags, coded = self._groups(inside(score, stride), inside(remainder, stride))
        score += companded[:, stride:-2] * tables.lefts[:, None]
        np.clip(score, 0, SCORES - 1, score)
        skew *= np.int16(2 * tables.radius + 3)
        skew += np.clip(remainder, -1 - tables.radius, 1 + tables.radius)
        skew += np.int16(1 + tables.radius)

        # In each channel of a row first what says which groups are quiet, then the codes of the others.
        rows, columns, channels = codes.shape
        groups = asked.shape[2]
        everything = np.empty((rows, channels, groups + columns), np.uint32)
        everything[..., :groups] = flags
        # In parts: large arrays that come and go cost more in new pages of memory than in arithmetic.
        for first in range(0, channels, _CHANNELS):
            part = slice(first, first + _CHANNELS)
            place = tables.score_places.take(score[part]) + tables.remainder_places.take(skew[part])
            everything[:, part, groups:] = inside(tables.symbols.take(place), stride)
        there = np.concatenate((asked, np.repeat(coded, GROUP, axis=2)[..., :columns]), axis=2)
        chosen = np.flatnonzero(there)
        sequence = everything.ravel().take(chosen)
        escaped = np.flatnonzero(sequence == 0)
        extra = b""
        if len(escaped):
            row, channel, column = np.unravel_index(chosen[escaped], there.shape)
            spot = channel, row * stride + 1 + column - groups
            place = tables.score_places[score[spot]] + tables.remainder_places[skew[spot]]
            sequence[escaped] = tables.escapes[place // (2 * tables.radius + 2)]
            extra = codes[row, column - groups, channel].tobytes()
        below = last_row(planes, stride), last_row(companded, stride)
        return sequence, extra, int(np.count_nonzero(remainder)), below

    def _nothing_above(self) -> Above:
        shape = self.shape[2], self.shape[1] + 2
        return np.zeros(shape, np.int16), np.zeros(shape, np.int16)

    def _groups(self, base: Array, remainder: Array) -> tuple[Array, Array, Array]:
        """Which groups are asked for, the symbols that answer, which are coded: bool, uint32, bool by group.

        `base`, scores without what is to the left, and `remainder` are int16 (rows, channels, columns).
        """
        tables = self.tables
        bins = np.searchsorted(tables.quiet_edges, fold(np.add, np.clip(base, 0, QUIET_CAP)), "right")
        asked = bins < len(tables.quiet_edges)
        busy = fold(np.logical_or, remainder != 0)
        quiet = np.append(tables.quiet_frequencies, 0).astype(np.uint32)[bins]
        flags = np.where(busy, np.uint32(TOTAL) - quiet << np.uint32(16) | quiet, quiet << np.uint32(16))
        return asked, flags, busy | ~asked


def _number(value: int) -> bytes:
    """LEB128: seven bits a byte, the lowest first, the highest bit set in all but the last."""
    parts = [value >> shift & 0x7F for shift in range(0, max(value.bit_length(), 1), 7)]
    return bytes([part | 0x80 for part in parts[:-1]] + parts[-1:])
