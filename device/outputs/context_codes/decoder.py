"""The plain reference decoder of coder id 1, one code after the other: what the codes' contexts are, said once more.

It takes seconds per megapixel; host/tasks/codec/context_decoder.py is the same, compiled.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np

from ...errors import BitstreamError
from ...quantization import CODE_MAX, CODE_MIN, Array
from . import lanes
from .tables import GROUP, MAGNITUDES, NEIGHBOURS, QUIET_CAP, SKEW_BITS, TOTAL, ContextTables

_HALF = 1 << SKEW_BITS - 1


def decode_segment(segment: bytes, codes: Array, above: Rows, tables: ContextTables) -> Rows:
    """Fills `codes`, int8 (rows, columns, channels), and returns the last row; raises BitstreamError for damage."""
    count, begin = read_number(segment)
    decoder = lanes.Decoder(segment[begin:], count)
    for row in codes:
        here = Rows(codes.shape[1], codes.shape[2])
        _decode_row(decoder, above, here, tables)
        row[:] = np.array(here.codes, np.int8).T[1:-1]
        above = here
    decoder.finish()
    return above


def read_number(data: bytes) -> tuple[int, int]:
    """The number at the beginning of `data` and how many bytes it takes; raises BitstreamError."""
    value = 0
    for place, byte in enumerate(data[:5]):
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value, place + 1
    raise BitstreamError("payload does not begin with the number of its symbols; damaged")


def _decode_row(decoder: lanes.Decoder, above: Rows, here: Rows, tables: ContextTables) -> None:
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


def _decode_groups(decoder: lanes.Decoder, base: list[int], tables: ContextTables) -> list[bool]:
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
