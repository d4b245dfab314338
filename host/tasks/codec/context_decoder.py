"""The decoder of coder id 1, compiled: the same codes as `ContextCoder.decode` on the device, far faster.

Contexts come from codes just decoded, so nothing here can be vectorized; numba compiles the loop as it stands.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from device.errors import BitstreamError
from device.outputs.context_codes.coder import ContextCoder
from device.outputs.context_codes.tables import (
    GROUP,
    MAGNITUDES,
    NEIGHBOURS,
    QUIET_CAP,
    SCORES,
    SKEW_BITS,
    ContextTables,
    Sums,
)
from device.outputs.entropy import TABLE_BITS
from device.quantization import CODE_MAX, CODE_MIN
from host.tasks.codec.payload import read_head, read_number, segments

_PAIR_BITS = np.uint64(2 * TABLE_BITS)
_PAIR_MASK = np.uint64((1 << 2 * TABLE_BITS) - 1)
_HALF_BITS = np.uint64(TABLE_BITS)
_WORD_BITS = np.uint64(32)
_LOW = np.uint64(1 << 32)
_ENDS, _LANES, _CODE, _LEFT = 1, 2, 3, 4
_HALF = 1 << SKEW_BITS - 1
_FAULTS = {
    _ENDS: "ends before its symbols do",
    _LANES: "has lanes that do not end where its symbols do",
    _CODE: "holds what is no code",
    _LEFT: "does not end where its symbols end",
}


# What changes as symbols are taken. numba passes an element of such an array by reference.
_PLACE = np.dtype(
    [
        ("lane", np.int64),  # whose turn it is
        ("lanes", np.int64),  # how many there still are
        ("phase", np.int64),  # of lanes: each phase but the last ends with half of them
        ("pairs_left", np.int64),  # in the phase
        ("returned", np.int64),  # how many words of lanes that ended are still to be taken
        ("next_byte", np.int64),  # where the next word begins
        ("end_byte", np.int64),  # where words end; from there on are the escaped codes
        ("second", np.int64),  # 1 where a pair's first symbol was taken
        ("half_frequency", np.uint64),  # of that first symbol
        ("half_rest", np.uint64),  # what it left of the lane's slot
    ]
)


class _Stream(NamedTuple):
    """One segment's payload and how far it was read: uint8 (bytes,), uint64 and int64 (lanes or phases,), `_PLACE`."""

    payload: np.ndarray
    states: np.ndarray
    phases: np.ndarray
    returned_words: np.ndarray
    place: np.ndarray


class _Sums(NamedTuple):
    """Weighted sums of codes before: `ends` is where each channel's terms end, `places` where they are in a context."""

    biases: np.ndarray
    ends: np.ndarray
    places: np.ndarray
    weights: np.ndarray


class _Model(NamedTuple):
    """The tables, flat, int64 but `companding`; `starts` and `limits` have a place for each bin and symbol."""

    predictors: _Sums
    scales: _Sums
    radius: int
    score_places: np.ndarray
    skew_places: np.ndarray
    companding: np.ndarray
    lefts: np.ndarray
    quiet_edges: np.ndarray
    quiet_frequencies: np.ndarray
    starts: np.ndarray
    limits: np.ndarray


def decode(payload: bytes, coder: ContextCoder) -> np.ndarray:
    """Payload to codes int8, of the coder's shape; raises BitstreamError for a payload that the coder did not make."""
    _, columns, channels = coder.shape
    codes = np.empty(coder.shape, np.int8)
    model = _flat_model(coder.tables, columns)
    # Codes and companded remainders, each of the row above and of the current one.
    context = np.zeros((2, 2, channels, columns + 2), np.int16)
    for first, segment in segments(payload, coder):
        stream, count = _open(segment)
        fault = _decode(stream, codes[first : first + coder.segment_rows], context, model, count)
        if fault:
            raise BitstreamError(f"payload {_FAULTS[fault]}; damaged, or coded with other tables")
    return codes


def _open(segment: bytes) -> tuple[_Stream, int]:
    """A segment, ready to be read, and how many symbols it has."""
    count, begin = read_number(segment)
    states, phases, begin_words = read_head(segment[begin:], (count + 1) // 2)
    place = np.zeros(1, _PLACE)
    place["lane"], place["lanes"], place["pairs_left"] = -phases[0] % len(states), len(states), phases[0]
    place["next_byte"], place["end_byte"] = begin_words, len(segment) - begin
    content = np.frombuffer(segment[begin:], np.uint8)
    returned = np.empty(len(states), np.uint64)
    return _Stream(content, np.array(states, np.uint64), np.array(phases, np.int64), returned, place), count


def _flat_model(tables: ContextTables, columns: int) -> _Model:
    starts = tables.starts[tables.rows.ravel()].astype(np.int64)
    limits = np.concatenate((starts[:, 1:], np.full((len(starts), 1), 1 << TABLE_BITS)), axis=1)
    skews = np.abs(np.arange(1 << SKEW_BITS))
    return _Model(
        _flat_sums(tables.predictors, columns),
        _flat_sums(tables.scales, columns),
        tables.radius,
        tables.score_places,
        np.searchsorted(tables.skew_edges, skews, "right") * (2 * tables.radius + 2),
        tables.companding,
        tables.lefts.astype(np.int64),
        tables.quiet_edges.astype(np.int64),
        tables.quiet_frequencies.astype(np.int64),
        starts.ravel(),
        limits.ravel(),
    )


def _flat_sums(sums: Sums, columns: int) -> _Sums:
    channels, stride = len(sums.counts), columns + 2
    neighbours, sources = np.divmod(sums.sources.astype(np.int64), channels)
    rows, steps = np.array(NEIGHBOURS).T
    places = ((rows[neighbours] + 1) * channels + sources) * stride + steps[neighbours]
    ends = np.cumsum(sums.counts, dtype=np.int64)
    return _Sums(sums.biases.astype(np.int64), ends, places, sums.weights.astype(np.int64))


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
def _slot(stream):  # type: ignore[no-untyped-def]
    place = stream.place[0]
    if place.second:
        return np.int64(place.half_rest // place.half_frequency)
    return np.int64((stream.states[place.lane] & _PAIR_MASK) >> _HALF_BITS)


@numba.njit(cache=True)
def _advance(stream, frequency, start):  # type: ignore[no-untyped-def]
    """Takes a symbol; 0 or a key of `_FAULTS`."""
    place, states, returned = stream.place[0], stream.states, stream.returned_words
    lane = place.lane
    state = states[lane]
    if not place.second:
        place.half_frequency = np.uint64(frequency)
        place.half_rest = (state & _PAIR_MASK) - (np.uint64(start) << _HALF_BITS)
        place.second = 1
        return 0
    place.second = 0
    half = place.half_frequency
    state = (state >> _PAIR_BITS) * half * np.uint64(frequency) + place.half_rest - half * np.uint64(start)
    if state < _LOW:
        word = np.uint64(0)
        if place.returned:
            place.returned -= 1
            word = returned[place.returned]
        else:
            place.next_byte += 4
            if place.next_byte > place.end_byte:
                return _ENDS
            for byte in stream.payload[place.next_byte - 4 : place.next_byte]:
                word = word << np.uint64(8) | np.uint64(byte)
        state = state << _WORD_BITS | word
    states[lane] = state
    place.lane = lane + 1 if lane + 1 < place.lanes else 0
    place.pairs_left -= 1
    if place.pairs_left == 0 and place.phase < len(stream.phases) - 1:
        place.lanes //= 2
        for retired in range(2 * place.lanes - 1, place.lanes - 1, -1):
            if states[retired] >= _LOW << np.uint64(1):
                return _LANES
            returned[place.returned] = states[retired] - _LOW
            place.returned += 1
        place.phase += 1
        place.pairs_left, place.lane = stream.phases[place.phase], 0
    return 0


@numba.njit(cache=True)
def _decode(stream, codes, context, model, count):  # type: ignore[no-untyped-def]
    """Fills `codes`; 0 or a key of `_FAULTS`. The same steps as the device's plain decoder and its lanes.

    Args:
        stream: a `_Stream`.
        codes: int8 (rows, columns, channels).
        context: int16 (2, 2, channels, columns + 2): codes and companded remainders of the row above and of this one.
        model: a `_Model`.
        count: of symbols.
    """
    rows, columns, channels = codes.shape
    place, radius, starts, limits = stream.place[0], model.radius, model.starts, model.limits
    # As local names: numba reads a field anew each time, which costs a tenth.
    predictors, scales, companding, lefts = model.predictors, model.scales, model.companding, model.lefts
    score_places, skew_places = model.score_places, model.skew_places
    quiet_edges, quiet_frequencies = model.quiet_edges, model.quiet_frequencies
    code_source, companded_source = context[0].ravel(), context[1].ravel()
    here_codes, here_companded = context[0, 1], context[1, 1]
    escape = 2 * radius + 1
    base, coded = np.empty(columns + 1, np.int64), np.empty(columns + 1, np.bool_)
    if count % 2:
        _advance(stream, 1 << TABLE_BITS, 0)  # an odd count begins with a symbol that is certain
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
                    busy = _slot(stream) >= frequency
                    fault = _advance(stream, (1 << TABLE_BITS) - frequency if busy else frequency, frequency * busy)
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
                    slot = _slot(stream)
                    # Most remainders are 0; the others are looked for from there.
                    symbol = radius
                    while slot < starts[first + symbol]:
                        symbol -= 1
                    while slot >= limits[first + symbol]:
                        symbol += 1
                    start = starts[first + symbol]
                    fault = _advance(stream, limits[first + symbol] - start, start)
                    if fault:
                        return fault
                    if symbol == escape:
                        place.end_byte -= 1
                        if place.end_byte < place.next_byte:
                            return _ENDS
                        code = (np.int64(stream.payload[place.end_byte]) ^ 0x80) - 0x80
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
    for retired in range(place.lanes):
        if stream.states[retired] != _LOW:
            return _LEFT
    return _LEFT if place.pairs_left or place.returned or place.next_byte != place.end_byte else 0
