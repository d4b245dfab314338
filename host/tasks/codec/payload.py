"""What a payload of coder id 1 is made of: segments, numbers of symbols and the states of lanes."""

from __future__ import annotations

from collections.abc import Iterator

from device.errors import BitstreamError
from device.outputs.context_codes.coder import LENGTH_BYTES, ContextCoder
from device.outputs.context_codes.lanes import CHUNK_ROWS, LENGTH_BITS, MAX_DOUBLINGS, MAX_EXPONENT, WORD_BITS


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
