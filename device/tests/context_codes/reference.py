"""The plain reference decoder of coder id 1, one code after the other: what the codes' contexts are, said once more.

It takes seconds per megapixel; host/tasks/codec/context_decoder.py is the same, compiled.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

import numpy as np

from ...errors import BitstreamError
from ...outputs.context_codes.coder import LENGTH_BYTES, ContextCoder
from ...outputs.context_codes.lanes import (
    _LOW,
    _PAIR_BITS,
    _PAIR_TOTAL,
    CHUNK_ROWS,
    LENGTH_BITS,
    MAX_DOUBLINGS,
    MAX_EXPONENT,
    WORD_BITS,
)
from ...outputs.context_codes.tables import (
    GROUP,
    MAGNITUDES,
    NEIGHBOURS,
    QUIET_CAP,
    SKEW_BITS,
    TABLE_BITS,
    TOTAL,
    ContextTables,
)
from ...quantization import CODE_MAX, CODE_MIN, Array

_HALF = 1 << SKEW_BITS - 1


def decode(payload: bytes, coder: ContextCoder) -> Array:
    """Payload to codes int8, of the coder's shape.

    Raises:
        BitstreamError: the payload is not one that the coder makes.
    """
    codes = np.empty(coder.shape, np.int8)
    above = Rows(coder.shape[1], coder.shape[2])
    for first, segment in segments(payload, coder):
        above = decode_segment(segment, codes[first : first + coder.segment_rows], above, coder.tables)
    return codes


def decode_segment(segment: bytes, codes: Array, above: Rows, tables: ContextTables) -> Rows:
    """Fills `codes`, int8 (rows, columns, channels), and returns the last row; raises BitstreamError for damage."""
    count, begin = read_number(segment)
    decoder = Decoder(segment[begin:], count)
    for row in codes:
        here = Rows(codes.shape[1], codes.shape[2])
        _decode_row(decoder, above, here, tables)
        row[:] = np.array(here.codes, np.int8).T[1:-1]
        above = here
    decoder.finish()
    return above


def _decode_row(decoder: Decoder, above: Rows, here: Rows, tables: ContextTables) -> None:
    table_of, starts, frequencies = tables.rows.tolist(), tables.starts.tolist(), tables.frequencies.tolist()
    score_edges, skew_edges = tables.score_edges.tolist(), tables.skew_edges.tolist()
    companding, escape = tables.companding.tolist(), 2 * tables.radius + 1
    columns = range(1, len(here.codes[0]) - 1)
    for channel, (predictor, scale, left) in enumerate(zip(tables.predictors, tables.scales, tables.lefts.tolist())):
        codes, companded = here.begin(channel, above)
        predictor_terms = _sources(predictor[1], above.codes, here.codes)
        scale_terms = _sources(scale[1], above.companded, here.companded)
        base = [
            _int16(scale[0] + sum([w * source[column + step] for source, step, w in scale_terms])) for column in columns
        ]
        coded = _decode_groups(decoder, base, tables)
        for column in columns:
            prediction = predictor[0] + sum([w * source[column + step] for source, step, w in predictor_terms])
            prediction = _int16(prediction + _HALF)
            nearest, skew = prediction >> SKEW_BITS, (prediction & 2 * _HALF - 1) - _HALF
            code = nearest
            if coded[(column - 1) // GROUP]:
                score = _int16(base[column - 1] + left * companded[column - 1])
                table = table_of[bisect_right(score_edges, score)][bisect_right(skew_edges, abs(skew))]
                symbol = bisect_right(starts[table], decoder.slot()) - 1
                decoder.advance(frequencies[table][symbol], starts[table][symbol])
                if symbol == escape:
                    code = (decoder.extra() ^ 0x80) - 0x80
                else:
                    code += tables.radius - symbol if skew < 0 else symbol - tables.radius
            if not CODE_MIN <= code <= CODE_MAX:
                raise BitstreamError(f"payload holds the code {code}; damaged, or coded with other tables")
            codes[column] = code
            companded[column] = companding[min(abs(code - nearest), MAGNITUDES - 1)]
        here.end(channel)


def _decode_groups(decoder: Decoder, base: list[int], tables: ContextTables) -> list[bool]:
    """Which groups of a row are coded."""
    edges, quiet = tables.quiet_edges.tolist(), tables.quiet_frequencies.tolist()
    coded = []
    for first in range(0, len(base), GROUP):
        total = sum([min(max(score, 0), QUIET_CAP) for score in base[first : first + GROUP]])
        place = bisect_right(edges, total)
        coded.append(True)
        if place < len(edges):
            coded[-1] = decoder.slot() >= quiet[place]
            if coded[-1]:
                decoder.advance(TOTAL - quiet[place], quiet[place])
            else:
                decoder.advance(quiet[place], 0)
    return coded


def _int16(total: int) -> int:
    """As the encoder's int16 wraps around; no photograph comes near."""
    return ((total + 0x8000) & 0xFFFF) - 0x8000


class Rows:
    """Codes and companded remainders of one row of blocks, per channel a list with a block more on either side."""

    def __init__(self, columns: int, channels: int) -> None:
        self.codes = [[0] * (columns + 2) for _ in range(channels)]
        self.companded = [[0] * (columns + 2) for _ in range(channels)]

    def begin(self, channel: int, above: Rows) -> tuple[list[int], list[int]]:
        for mine, others in ((self.codes, above.codes), (self.companded, above.companded)):
            mine[channel][0] = others[channel][1]
        return self.codes[channel], self.companded[channel]

    def end(self, channel: int) -> None:
        for mine in (self.codes, self.companded):
            mine[channel][-1] = mine[channel][-2]


def _sources(
    terms: Sequence[tuple[int, int, int]], above: list[list[int]], here: list[list[int]]
) -> list[tuple[list[int], int, int]]:
    """Terms as (row of the source, step to its column, weight)."""
    return [
        ((above if NEIGHBOURS[neighbour][0] else here)[channel], NEIGHBOURS[neighbour][1], weight)
        for neighbour, channel, weight in terms
    ]


class Decoder:
    """Takes symbols from a payload of lanes: ask for the `slot`, find the symbol there, `advance`; `finish` at the end.

    The plain reference. Damage raises BitstreamError in one of these, or decodes to other symbols.
    """

    def __init__(self, payload: bytes, count: int) -> None:
        """Reads the states of a payload of `count` symbols, at least one."""
        pairs = (count + 1) // 2
        self._payload = payload
        self._states, self._phases, self._next = read_head(payload, pairs)
        self._end = len(payload)
        self._returned: list[int] = []  # words out of first states, the next one last
        self._phase = 0
        self._left = self._phases[0]
        self._lane = -self._left % len(self._states)
        self._frequency = self._rest = 0  # of the first symbol of a pair, while the second is being taken
        if count % 2:
            self.advance(TOTAL, 0)

    def slot(self) -> int:
        """0..2**15 - 1: where the next symbol lies in its table."""
        if self._frequency:
            return self._rest // self._frequency
        return (self._states[self._lane] & _PAIR_TOTAL - 1) >> TABLE_BITS

    def advance(self, frequency: int, start: int) -> None:
        """Takes the next symbol, which its table gives this frequency and start."""
        state = self._states[self._lane]
        if not self._frequency:
            self._frequency, self._rest = frequency, (state & _PAIR_TOTAL - 1) - (start << TABLE_BITS)
            return
        state = (state >> _PAIR_BITS) * self._frequency * frequency + self._rest - self._frequency * start
        self._frequency = 0
        self._states[self._lane] = state if state >= _LOW else state << WORD_BITS | self._word()
        self._lane = (self._lane + 1) % len(self._states)
        self._left -= 1
        if not self._left and self._phase < len(self._phases) - 1:
            self._halve()

    def extra(self) -> int:
        """Takes the last byte that was not taken yet."""
        self._end -= 1
        if self._end < self._next:
            raise BitstreamError("payload ends before its symbols do; damaged, or coded with other tables")
        return self._payload[self._end]

    def finish(self) -> None:
        """Raises BitstreamError unless symbols and payload end together."""
        if set(self._states) != {_LOW} or self._left or self._returned or self._next != self._end:
            raise BitstreamError("payload does not end where its symbols end; damaged, or coded with other tables")

    def _word(self) -> int:
        if self._returned:
            return self._returned.pop()
        self._next += 4
        if self._next > self._end:
            raise BitstreamError("payload ends before its symbols do; damaged, or coded with other tables")
        return int.from_bytes(self._payload[self._next - 4 : self._next], "big")

    def _halve(self) -> None:
        lanes = len(self._states) // 2
        if max(self._states[lanes:]) >= 2 * _LOW:
            raise BitstreamError("payload's lanes do not end where its symbols do; damaged, or coded with other tables")
        self._returned += [state - _LOW for state in reversed(self._states[lanes:])]
        del self._states[lanes:]
        self._phase += 1
        self._left, self._lane = self._phases[self._phase], 0


def segments(payload: bytes, coder: ContextCoder) -> Iterator[tuple[int, bytes]]:
    """The segments of a payload, each with its first row of blocks; raises BitstreamError if they do not fit."""
    place = 0
    for row in range(0, coder.shape[0], coder.segment_rows):
        length = len(payload) - place
        if row + coder.segment_rows < coder.shape[0]:
            length = int.from_bytes(payload[place : place + LENGTH_BYTES], "little")
            place += LENGTH_BYTES
        if not 0 < length <= len(payload) - place:
            raise BitstreamError(f"payload of {len(payload)} bytes ends before its segments do; damaged")
        yield row, payload[place : place + length]
        place += length


def read_number(data: bytes) -> tuple[int, int]:
    """The number at the beginning of `data` and how many bytes it takes; raises BitstreamError."""
    value = 0
    for place, byte in enumerate(data[:5]):
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value, place + 1
    raise BitstreamError("payload does not begin with the number of its symbols; damaged")


def read_head(payload: bytes, pairs: int) -> tuple[list[int], list[int], int]:
    """What a payload of so many pairs begins with; raises BitstreamError where it does not.

    Returns the states; how many pairs are coded with all lanes, with half of them, ...; where the words begin.
    """
    first, doublings = divmod(payload[0] if payload else 0xFF, 16)
    if doublings > MAX_DOUBLINGS or first + doublings > MAX_EXPONENT or len(payload) <= doublings:
        raise BitstreamError(f"payload of {len(payload)} bytes does not begin with coder states; damaged")
    phases = [payload[1 + place] * CHUNK_ROWS << first + place for place in reversed(range(doublings))]
    phases.insert(0, pairs - sum(phases))
    if min(phases) < 1:
        raise BitstreamError(f"payload codes more than the {2 * pairs} symbols expected; damaged")
    lanes = 1 << first + doublings
    begin = 1 + doublings
    data = payload[begin : begin + (lanes * (LENGTH_BITS + 2 * WORD_BITS - 1) + 7) // 8]
    bits = f"{int.from_bytes(data, 'big'):0{8 * len(data)}b}" if data else ""
    states, place = [], 0
    for _ in range(lanes):
        below = WORD_BITS + int(bits[place : place + LENGTH_BITS] or "0", 2)
        place += LENGTH_BITS + below
        states.append(int("1" + bits[place - below : place], 2))
    if place > len(bits):
        raise BitstreamError(f"payload of {len(payload)} bytes ends in the coder states; damaged")
    return states, phases, begin + (place + 7) // 8
