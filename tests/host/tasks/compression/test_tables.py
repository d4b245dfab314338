"""Tables: counts become frequencies that can code everything and cost little more than the entropy."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from device.outputs.entropy import TOTAL, Tables
from host.tasks.compression.tables import code_frequencies, count_codes

COUNTS = st.one_of(
    arrays(np.int64, (3, 256), elements=st.integers(0, 10)),
    arrays(np.int64, (3, 256), elements=st.integers(0, 10**10), fill=st.just(0)),
)


@given(COUNTS)
def test_frequencies_are_tables_that_a_device_takes(counts: np.ndarray) -> None:
    frequencies = code_frequencies(counts)
    assert frequencies.dtype == np.uint16
    assert frequencies.min() >= 1
    np.testing.assert_array_equal(frequencies.sum(1, dtype=np.int64), TOTAL)
    assert Tables(frequencies).channels == 3


@given(COUNTS)
def test_a_code_seen_more_often_never_gets_less(counts: np.ndarray) -> None:
    for row, frequencies in zip(counts, code_frequencies(counts).astype(np.int64), strict=True):
        order = np.argsort(row, kind="stable")
        steps, rises = np.diff(frequencies[order]), np.diff(row[order])
        assert (steps[rises > 0] >= 0).all()
        assert (np.abs(steps[rises == 0]) <= 1).all()


@given(COUNTS)
def test_shares_are_within_one_of_what_the_counts_ask_for(counts: np.ndarray) -> None:
    for row, frequencies in zip(counts, code_frequencies(counts), strict=True):
        if row.sum():
            assert np.abs(frequencies - 1 - (TOTAL - 256) * row / row.sum()).max() < 1.0001


def test_a_channel_never_seen_is_coded_evenly_and_alone() -> None:
    counts = np.zeros((2, 256), np.int64)
    counts[1, 130] = 1000
    frequencies = code_frequencies(counts)
    np.testing.assert_array_equal(frequencies[0], np.full(256, TOTAL // 256))
    assert frequencies[1, 130] == TOTAL - 255


def test_codes_are_counted_by_channel_and_from_minus_128() -> None:
    codes = np.zeros((2, 2, 2, 3), np.int8)
    codes[..., 1], codes[..., 2] = -128, 127
    codes[0, 0, 0, 1] = 5
    counts = count_codes(codes)
    assert counts.shape == (3, 256)
    assert (counts[0, 128], counts[1, 0], counts[1, 133], counts[2, 255]) == (8, 7, 1, 8)
    assert counts.sum() == codes.size


def test_real_looking_codes_cost_little_more_than_their_entropy() -> None:
    rng = np.random.default_rng(2)
    spreads = np.array([40.0, 12.0, 3.0, 0.3])
    codes = np.clip(np.rint(rng.laplace(0, spreads, (2000, 4, 4, 4))), -128, 127).astype(np.int8)
    counts = count_codes(codes)
    shares = counts / counts.sum(1, keepdims=True)
    entropy_bits = -(counts * np.log2(np.where(shares > 0, shares, 1))).sum()
    tables = Tables(code_frequencies(counts))
    ideal_bits = -(counts * np.log2(tables.frequencies / TOTAL)).sum()
    assert entropy_bits <= ideal_bits < 1.01 * entropy_bits
