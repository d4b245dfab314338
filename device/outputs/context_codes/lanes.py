"""Interleaved rANS: many coder states side by side, so that numpy encodes a whole row of symbols in one step.

Asymmetric numeral systems, Duda 2013, https://arxiv.org/abs/1311.2540; interleaved states, Giesen 2014,
https://arxiv.org/abs/1402.3392. Two neighbouring symbols form a pair, as in outputs/entropy.py, and
consecutive pairs go to consecutive lanes.

A state is in 2**32 .. 2**64 - 1, so each lane could cost 4 bytes at its start and up to 4 at its end. Most cost five
bits: the encoder begins, at the last symbol, with few lanes, and as soon as the words that it has put out suffice, it
takes them back as the first states of as many new lanes; at the end only the bits of a state that are in use are
written. The decoder does the reverse: it begins with all lanes and ends with few. A payload:

    byte 0          doublings k | j << 4: the encoder begins with 2**j lanes, the decoder with 2**(j + k)
    k bytes         chunks, of CHUNK_ROWS pairs per lane, coded before each doubling
    states          5 bits: how many bits follow the leading one, less 32; then these bits; zeros up to a whole byte
    words           32 bits each, big-endian, in the order in which the decoder takes them
    extra bytes     the caller's, read from the end
"""

from __future__ import annotations

import numpy as np

from ...quantization import Array
from .tables import TABLE_BITS, TOTAL

CHUNK_ROWS = 8
MAX_DOUBLINGS = 5  # rows of few lanes take as long as rows of many, and a first lane of 32 costs 4 bytes of thousands
MAX_EXPONENT = 12
_MAX_CHUNKS = 255
_MANY_LANES = 16  # from here on numpy codes a row faster than Python's integers
_PAIR_BITS = 2 * TABLE_BITS
_PAIR_TOTAL = 1 << _PAIR_BITS
WORD_BITS = 32
_LOW = 1 << WORD_BITS
_LIMIT_SHIFT = 2 * WORD_BITS - _PAIR_BITS
LENGTH_BITS = 5


def encode(symbols: Array, exponent: int, extra: bytes = b"") -> bytes:
    """Symbols to payload.

    Args:
        symbols: uint32 (count,), in decoding order: each symbol's frequency in its table, 1..2**15 of 2**15, times
            2**16, plus the sum of the frequencies before it.
        exponent: 2**exponent lanes at most; fewer where the symbols are too few, or too cheap to fill new lanes.
        extra: bytes that the decoder takes from the end, the first one last.
    """
    pairs, pair_starts = _pairs(symbols)
    doublings = max(0, min(exponent, MAX_DOUBLINGS))
    first = max(0, min(exponent, MAX_EXPONENT) - MAX_DOUBLINGS)
    states, words = np.full(1 << first, _LOW, np.uint64), np.zeros(0, np.uint32)
    chunks: list[int] = []
    end, tried = len(pairs), 0
    while len(chunks) < doublings and tried < _MAX_CHUNKS:
        lanes = len(states)
        begin = end - CHUNK_ROWS * lanes
        if begin <= 0:
            break
        shape = CHUNK_ROWS, lanes
        states, put = _code_rows(states, pairs[begin:end].reshape(shape), pair_starts[begin:end].reshape(shape))
        words = np.concatenate((put, words))
        end, tried = begin, tried + 1
        if len(words) >= lanes:
            states = np.concatenate((states, words[:lanes].astype(np.uint64) | np.uint64(_LOW)))
            words = words[lanes:]
            chunks.append(tried)
            tried = 0
    rows = -(-end // len(states))
    # Filled up in front with pairs that are certain (frequency 2**30, start 0): they change no state.
    f, start = np.full(rows * len(states), _PAIR_TOTAL, np.uint64), np.zeros(rows * len(states), np.uint64)
    f[f.size - end :], start[f.size - end :] = pairs[:end], pair_starts[:end]
    states, put = _code_rows(states, f.reshape(rows, -1), start.reshape(rows, -1))
    head = bytes((len(chunks) | first << 4, *chunks)) + _pack_states(states)
    return head + put.astype(">u4").tobytes() + words.astype(">u4").tobytes() + extra[::-1]


def _pairs(symbols: Array) -> tuple[Array, Array]:
    """Frequencies and starts of pairs, uint64; an odd count is filled up in front with a symbol that is certain."""
    if len(symbols) % 2:
        symbols = np.concatenate(([np.uint32(TOTAL << 16)], symbols))
    first, second, half, low = symbols[::2], symbols[1::2], np.uint32(16), np.uint32(0xFFFF)
    f = first >> half
    # A pair's start ends below 2**30: 32 bits hold it.
    starts = ((first & low) << np.uint32(TABLE_BITS)) + f * (second & low)
    return (f * (second >> half)).astype(np.uint64), starts.astype(np.uint64)


def _code_rows(states: Array, pairs: Array, starts: Array) -> tuple[Array, Array]:
    """Codes uint64 (rows, lanes), the last row first; returns the states and the words put out, in decoding order."""
    return (_code_few if len(states) < _MANY_LANES else _code_many)(states, pairs, starts)


def _code_few(states: Array, pairs: Array, starts: Array) -> tuple[Array, Array]:
    x, put = states.tolist(), []
    for f_row, start_row in zip(pairs[::-1].tolist(), starts[::-1].tolist()):
        words = []
        for lane, (f, start) in enumerate(zip(f_row, start_row)):
            state = x[lane]
            if state >= f << _LIMIT_SHIFT:
                words.append(state & 0xFFFFFFFF)
                state >>= WORD_BITS
            quotient, remainder = divmod(state, f)
            x[lane] = (quotient << _PAIR_BITS) + start + remainder
        put += words[::-1]
    return np.array(x, np.uint64), np.array(put[::-1], np.uint32)


def _code_many(states: Array, pairs: Array, starts: Array) -> tuple[Array, Array]:
    x, spare = states.copy(), np.empty_like(states)
    put, full = np.empty(pairs.shape, np.uint32), np.empty(pairs.shape, np.bool_)
    # For a certain pair this is 2**64 - 1, by wrapping around, which no state exceeds.
    limits = (pairs << np.uint64(_LIMIT_SHIFT)) - np.uint64(1)
    rests = np.uint64(_PAIR_TOTAL) - pairs
    copy, greater, shift = np.copyto, np.greater, np.right_shift
    divide, multiply, add = np.floor_divide, np.multiply, np.add
    word_bits = np.uint64(WORD_BITS)
    rows = (pairs, starts, limits, rests, put, full)
    for f, start, limit, rest, put_row, full_row in zip(*(array[::-1] for array in rows)):
        greater(x, limit, full_row)
        copy(put_row, x, "unsafe")
        shift(x, word_bits, spare)
        copy(x, spare, where=full_row)
        # (x // f << 30) + start + x % f, without the remainder
        divide(x, f, spare)
        multiply(spare, rest, spare)
        add(x, spare, x)
        add(x, start, x)
    return x, put[full]


def _pack_states(states: Array) -> bytes:
    bits = "".join(f"{x.bit_length() - 1 - WORD_BITS:0{LENGTH_BITS}b}" + f"{x:b}"[1:] for x in states.tolist())
    size = -(-len(bits) // 8)
    return int(bits.ljust(8 * size, "0"), 2).to_bytes(size, "big")
