"""The decoder of coder id 1, compiled: the same codes as `device.context.ContextCoder.decode`, far faster.

Contexts come from codes just decoded, so nothing here can be vectorized; numba compiles the loop as it stands.
"""

from __future__ import annotations

import numba
import numpy as np

from device.entropy import TABLE_BITS
from device.errors import BitstreamError
from device.photo import lanes
from device.photo.context import ContextCoder
from device.photo.context_tables import MAGNITUDES, NEIGHBOURS, SCORES, SKEW_BITS, Sums
from device.quantization import CODE_MAX, CODE_MIN

_PAIR_BITS = np.uint64(2 * TABLE_BITS)
_PAIR_MASK = np.uint64((1 << 2 * TABLE_BITS) - 1)
_HALF_BITS = np.uint64(TABLE_BITS)
_WORD_BITS = np.uint64(32)
_LOW = np.uint64(1 << 32)
_ENDS, _LANES, _CODE, _LEFT = 1, 2, 3, 4
_FAULTS = {
    _ENDS: "ends before its symbols do",
    _LANES: "has lanes that do not end where its symbols do",
    _CODE: "holds what is no code",
    _LEFT: "does not end where its symbols end",
}


def decode(payload: bytes, coder: ContextCoder) -> np.ndarray:
    """Payload to codes int8, of the coder's shape; raises BitstreamError for a payload that the coder did not make."""
    tables = coder.tables
    _, columns, channels = coder.shape
    codes = np.empty(coder.shape, np.int8)
    # Codes and companded remainders, each of the row above and of the current one.
    context = np.zeros((2, 2, channels, columns + 2), np.int16)
    starts = tables.starts[tables.rows.ravel()].astype(np.int64)
    limits = np.concatenate((starts[:, 1:], np.full((len(starts), 1), 1 << TABLE_BITS)), axis=1)
    for first, segment in coder.segments(payload):
        part = codes[first : first + coder.segment_rows]
        states, phases, begin = lanes.read_head(segment, (part.size + 1) // 2)
        fault = _decode(
            np.frombuffer(segment, np.uint8),
            begin,
            np.array(states, np.uint64),
            np.array(phases, np.int64),
            part,
            context,
            _flat(tables.predictors, columns),
            _flat(tables.scales, columns),
            (tables.score_places, tables.skew_places, tables.companding),
            starts.ravel(),
            limits.ravel(),
            tables.radius,
        )
        if fault:
            raise BitstreamError(f"payload {_FAULTS[fault]}; damaged, or coded with other tables")
    return codes


def _flat(sums: Sums, columns: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Biases, where each channel's terms end, where each source is in one half of `context`, weights."""
    channels, stride = len(sums.counts), columns + 2
    neighbours, sources = np.divmod(sums.sources.astype(np.int64), channels)
    rows, steps = np.array(NEIGHBOURS).T
    places = ((rows[neighbours] + 1) * channels + sources) * stride + steps[neighbours]
    return (
        sums.biases.astype(np.int64),
        np.cumsum(sums.counts, dtype=np.int64),
        places,
        sums.weights.astype(np.int64),
    )


@numba.njit(cache=True)
def _sum(sums, channel, source, column):  # type: ignore[no-untyped-def]
    biases, ends, places, weights = sums
    total = biases[channel]
    for term in range(ends[channel - 1] if channel else 0, ends[channel]):
        total += weights[term] * source[places[term] + column]
    return ((total + 0x8000) & 0xFFFF) - 0x8000


@numba.njit(cache=True)
def _decode(  # type: ignore[no-untyped-def]
    payload, next_word, states, phases, codes, context, predictors, scales, places, starts, limits, radius
):
    """Fills `codes`; 0 or a key of `_FAULTS`. The same steps as device/context.py and device/lanes.py, in one loop."""
    rows, columns, channels = codes.shape
    score_places, skew_places, companding = places
    code_source, companded_source = context[0].ravel(), context[1].ravel()
    here_codes, here_companded = context[0, 1], context[1, 1]
    escape = 2 * radius + 1
    end = len(payload)
    returned, returned_count = np.empty(len(states), np.uint64), 0
    lanes, phase, left = len(states), 0, phases[0]
    lane = -left % lanes
    # An odd count begins with a symbol that is certain: the first of its pair, with frequency 2**15 and start 0.
    second = codes.size % 2 == 1
    first_frequency, rest = np.uint64(1 << TABLE_BITS), states[lane] & _PAIR_MASK
    for row in range(rows):
        for channel in range(channels):
            here_codes[channel, 0] = context[0, 0, channel, 1]
            here_companded[channel, 0] = context[1, 0, channel, 1]
            for column in range(1, columns + 1):
                prediction = _sum(predictors, channel, code_source, column)
                nearest = (prediction >> SKEW_BITS) + (prediction >> (SKEW_BITS - 1) & 1)
                skew = prediction - (nearest << SKEW_BITS)
                score = min(max(_sum(scales, channel, companded_source, column), 0), SCORES - 1)
                place = score_places[score] + skew_places[abs(skew)]
                state = states[lane]
                if second:
                    slot = np.int64(rest // first_frequency)
                else:
                    slot = np.int64((state & _PAIR_MASK) >> _HALF_BITS)
                # Most remainders are 0; the others are looked for from there.
                symbol = radius
                while slot < starts[place + symbol]:
                    symbol -= 1
                while slot >= limits[place + symbol]:
                    symbol += 1
                start = np.uint64(starts[place + symbol])
                frequency = np.uint64(limits[place + symbol]) - start
                if second:
                    state = (state >> _PAIR_BITS) * first_frequency * frequency + rest - first_frequency * start
                    if state < _LOW:
                        word = np.uint64(0)
                        if returned_count:
                            returned_count -= 1
                            word = returned[returned_count]
                        else:
                            next_word += 4
                            if next_word > end:
                                return _ENDS
                            for byte in payload[next_word - 4 : next_word]:
                                word = word << np.uint64(8) | np.uint64(byte)
                        state = state << _WORD_BITS | word
                    states[lane] = state
                    lane += 1
                    if lane == lanes:
                        lane = 0
                    left -= 1
                    if left == 0 and phase < len(phases) - 1:
                        lanes //= 2
                        for retired in range(2 * lanes - 1, lanes - 1, -1):
                            if states[retired] >= _LOW << np.uint64(1):
                                return _LANES
                            returned[returned_count] = states[retired] - _LOW
                            returned_count += 1
                        phase += 1
                        left, lane = phases[phase], 0
                else:
                    first_frequency = frequency
                    rest = (state & _PAIR_MASK) - (start << _HALF_BITS)
                second = not second
                if symbol == escape:
                    end -= 1
                    if end < next_word:
                        return _ENDS
                    code = (np.int64(payload[end]) ^ 0x80) - 0x80
                else:
                    code = nearest + (radius - symbol if skew < 0 else symbol - radius)
                    if code < CODE_MIN or code > CODE_MAX:
                        return _CODE
                codes[row, column - 1, channel] = code
                here_codes[channel, column] = code
                here_companded[channel, column] = companding[min(abs(code - nearest), MAGNITUDES - 1)]
            here_codes[channel, columns + 1] = here_codes[channel, columns]
            here_companded[channel, columns + 1] = here_companded[channel, columns]
        context[:, 0] = context[:, 1]
    for retired in range(lanes):
        if states[retired] != _LOW:
            return _LEFT
    return _LEFT if returned_count or next_word != end else 0
