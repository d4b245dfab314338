"""The compiled decoder against the plain one: the same codes, and an error for what is not a payload."""

from __future__ import annotations

from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.errors import BitstreamError
from device.outputs.context_codes import coder as context
from device.outputs.context_codes.coder import ContextCoder
from device.tests.context_codes import reference, tiny
from host.tasks.codec.context_decoder import decode


def codes_like(shape: tuple[int, int, int], spread: float, seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return np.clip(np.rint(generator.laplace(size=shape) * spread), -128, 127).astype(np.int8)


@settings(max_examples=60, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 6)),
    spread=st.sampled_from([0.0, 0.2, 1.0, 5.0, 90.0]),
    seed=st.integers(0, 99),
)
def test_codes_come_back_as_from_the_plain_decoder(shape: tuple[int, int, int], spread: float, seed: int) -> None:
    codes = codes_like(shape, spread, seed)
    coder = ContextCoder(tiny.context_tables(shape[2]), shape)
    payload = coder.encode(codes)
    np.testing.assert_array_equal(reference.decode(payload, coder), codes)
    np.testing.assert_array_equal(decode(payload, coder), codes)


def test_many_lanes_and_several_segments() -> None:
    codes = codes_like((40, 50, 8), 1.5, 1)
    with mock.patch.object(context, "SEGMENT_CODES", 15 * 50 * 8):
        coder = ContextCoder(tiny.context_tables(8), codes.shape)
    payload = coder.encode(codes)
    assert payload[3] & 15 >= 3
    np.testing.assert_array_equal(decode(payload, coder), codes)
    np.testing.assert_array_equal(reference.decode(payload, coder), codes)


@settings(max_examples=200, deadline=None)
@given(
    places=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=6),
    cut=st.integers(0, 40),
)
def test_damage_does_what_it_does_in_the_plain_decoder(places: list[tuple[int, int]], cut: int) -> None:
    coder = ContextCoder(tiny.context_tables(4), (6, 7, 4))
    payload = bytearray(coder.encode(codes_like((6, 7, 4), 2.0, 5)))
    for place, value in places:
        payload[place % min(len(payload), 50) if value % 2 else place % len(payload)] = value
    damaged = bytes(payload[: len(payload) - cut])
    try:
        expected = reference.decode(damaged, coder)
    except BitstreamError:
        with pytest.raises(BitstreamError):
            decode(damaged, coder)
    else:
        np.testing.assert_array_equal(decode(damaged, coder), expected)
