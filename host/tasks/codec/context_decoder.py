"""The decoder of coder id 1, compiled: the same codes as `ContextCoder.decode` on the device, far faster.

Contexts come from codes just decoded, so nothing here can be vectorized; numba compiles the loop as it stands.
"""

from __future__ import annotations

import numba
import numpy as np

from device.errors import BitstreamError
from device.outputs.context_codes import lanes
from device.outputs.context_codes.coder import ContextCoder
from device.outputs.context_codes.decoder import read_number
from device.outputs.context_codes.tables import GROUP, MAGNITUDES, NEIGHBOURS, QUIET_CAP, SCORES, SKEW_BITS, Sums
from device.outputs.entropy import TABLE_BITS
from device.quantization import CODE_MAX, CODE_MIN

_PAIR_BITS = np.uint64(2 * TABLE_BITS)
_PAIR_MASK = np.uint64((1 << 2 * TABLE_BITS) - 1)
_HALF_BITS = np.uint64(TABLE_BITS)
_WORD_BITS = np.uint64(32)
_LOW = np.uint64(1 << 32)
_ENDS, _LANES, _CODE, _LEFT = 1, 2, 3, 4
_LANE, _COUNT, _PHASE, _REST, _RETURNED, _NEXT, _END, _SECOND = range(8)
_HALF = 1 << SKEW_BITS - 1
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
    skews = np.abs(np.arange(1 << SKEW_BITS))
    places = (
        tables.score_places,
        np.searchsorted(tables.skew_edges, skews, "right") * (2 * tables.radius + 2),
        tables.companding,
        tables.lefts.astype(np.int64),
        tables.quiet_edges.astype(np.int64),
        tables.quiet_frequencies.astype(np.int64),
    )
    for first, segment in coder.segments(payload):
        count, begin = read_number(segment)
        states, phases, begin_words = lanes.read_head(segment[begin:], (count + 1) // 2)
        # Lane, lanes, phase, pairs left in it, words returned, where the next word begins, where they end, half a pair.
        place = np.array([-phases[0] % len(states), len(states), 0, phases[0], 0, begin_words, len(segment) - begin, 0])
        content = np.frombuffer(segment[begin:], np.uint8)
        returned, half = np.empty(len(states), np.uint64), np.zeros(2, np.uint64)
        fault = _decode(
            (content, np.array(states, np.uint64), np.array(phases, np.int64), returned, place, half),
            codes[first : first + coder.segment_rows],
            context,
            _flat(tables.predictors, columns),
            _flat(tables.scales, columns),
            (tables.radius, count),
            places,
            starts.ravel(),
            limits.ravel(),
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
def _int16(total):  # type: ignore[no-untyped-def]
    return ((total + 0x8000) & 0xFFFF) - 0x8000


@numba.njit(cache=True)
def _sum(sums, channel, source, column):  # type: ignore[no-untyped-def]
    biases, ends, places, weights = sums
    total = biases[channel]
    for term in range(ends[channel - 1] if channel else 0, ends[channel]):
        total += weights[term] * source[places[term] + column]
    return _int16(total)


@numba.njit(cache=True)
def _slot(coder):  # type: ignore[no-untyped-def]
    _, states, _, _, place, half = coder
    if place[_SECOND]:
        return np.int64(half[1] // half[0])
    return np.int64((states[place[_LANE]] & _PAIR_MASK) >> _HALF_BITS)


@numba.njit(cache=True)
def _advance(coder, frequency, start):  # type: ignore[no-untyped-def]
    """Takes a symbol; 0 or a key of `_FAULTS`."""
    payload, states, phases, returned, place, half = coder
    lane = place[_LANE]
    state = states[lane]
    if not place[_SECOND]:
        half[0] = np.uint64(frequency)
        half[1] = (state & _PAIR_MASK) - (np.uint64(start) << _HALF_BITS)
        place[_SECOND] = 1
        return 0
    place[_SECOND] = 0
    state = (state >> _PAIR_BITS) * half[0] * np.uint64(frequency) + half[1] - half[0] * np.uint64(start)
    if state < _LOW:
        word = np.uint64(0)
        if place[_RETURNED]:
            place[_RETURNED] -= 1
            word = returned[place[_RETURNED]]
        else:
            place[_NEXT] += 4
            if place[_NEXT] > place[_END]:
                return _ENDS
            for byte in payload[place[_NEXT] - 4 : place[_NEXT]]:
                word = word << np.uint64(8) | np.uint64(byte)
        state = state << _WORD_BITS | word
    states[lane] = state
    place[_LANE] = lane + 1 if lane + 1 < place[_COUNT] else 0
    place[_REST] -= 1
    if place[_REST] == 0 and place[_PHASE] < len(phases) - 1:
        place[_COUNT] //= 2
        lanes_left = place[_COUNT]
        for retired in range(2 * lanes_left - 1, lanes_left - 1, -1):
            if states[retired] >= _LOW << np.uint64(1):
                return _LANES
            returned[place[_RETURNED]] = states[retired] - _LOW
            place[_RETURNED] += 1
        place[_PHASE] += 1
        place[_REST], place[_LANE] = phases[place[_PHASE]], 0
    return 0


@numba.njit(cache=True)
def _decode(coder, codes, context, predictors, scales, numbers, places, starts, limits):  # type: ignore[no-untyped-def]
    """Fills `codes`; 0 or a key of `_FAULTS`. The same steps as device/photo/context.py and lanes.py."""
    rows, columns, channels = codes.shape
    score_places, skew_places, companding, lefts, quiet_edges, quiet_frequencies = places
    radius, count = numbers
    payload, states, _, _, place, _ = coder
    code_source, companded_source = context[0].ravel(), context[1].ravel()
    here_codes, here_companded = context[0, 1], context[1, 1]
    escape = 2 * radius + 1
    base, coded = np.empty(columns + 1, np.int64), np.empty(columns + 1, np.bool_)
    if count % 2:
        _advance(coder, 1 << TABLE_BITS, 0)  # an odd count begins with a symbol that is certain
    for row in range(rows):
        for channel in range(channels):
            here_codes[channel, 0] = context[0, 0, channel, 1]
            here_companded[channel, 0] = context[1, 0, channel, 1]
            total = 0
            for column in range(1, columns + 1):
                base[column] = _sum(scales, channel, companded_source, column)
                total += min(max(base[column], 0), QUIET_CAP)
                if column % GROUP and column < columns:
                    continue
                quiet = np.searchsorted(quiet_edges, total, "right")
                total = 0
                busy = True
                if quiet < len(quiet_edges):
                    frequency = quiet_frequencies[quiet]
                    busy = _slot(coder) >= frequency
                    fault = _advance(coder, (1 << TABLE_BITS) - frequency if busy else frequency, frequency * busy)
                    if fault:
                        return fault
                coded[(column - 1) // GROUP * GROUP + 1 : column + 1] = busy
            for column in range(1, columns + 1):
                prediction = _int16(_sum(predictors, channel, code_source, column) + _HALF)
                nearest = prediction >> SKEW_BITS
                code = nearest
                if coded[column]:
                    score = _int16(base[column] + lefts[channel] * here_companded[channel, column - 1])
                    skew = (prediction & 2 * _HALF - 1) - _HALF
                    first = score_places[min(max(score, 0), SCORES - 1)] + skew_places[abs(skew)]
                    slot = _slot(coder)
                    # Most remainders are 0; the others are looked for from there.
                    symbol = radius
                    while slot < starts[first + symbol]:
                        symbol -= 1
                    while slot >= limits[first + symbol]:
                        symbol += 1
                    start = starts[first + symbol]
                    fault = _advance(coder, limits[first + symbol] - start, start)
                    if fault:
                        return fault
                    if symbol == escape:
                        place[_END] -= 1
                        if place[_END] < place[_NEXT]:
                            return _ENDS
                        code = (np.int64(payload[place[_END]]) ^ 0x80) - 0x80
                    else:
                        code += radius - symbol if skew < 0 else symbol - radius
                if code < CODE_MIN or code > CODE_MAX:
                    return _CODE
                codes[row, column - 1, channel] = code
                here_codes[channel, column] = code
                here_companded[channel, column] = companding[min(abs(code - nearest), MAGNITUDES - 1)]
            here_codes[channel, columns + 1] = here_codes[channel, columns]
            here_companded[channel, columns + 1] = here_companded[channel, columns]
        context[:, 0] = context[:, 1]
    for retired in range(place[_COUNT]):
        if states[retired] != _LOW:
            return _LEFT
    return _LEFT if place[_REST] or place[_RETURNED] or place[_NEXT] != place[_END] else 0
