"""The ideal length is that of the symbols that the coder really codes."""

from __future__ import annotations

from typing import Any
from unittest import mock

import numpy as np
import pytest

from benchmarks.ideal_length import ideal_bits
from device.outputs.context_codes import coder as context
from device.outputs.context_codes import lanes
from device.outputs.context_codes.coder import ContextCoder
from device.tests.context_codes import tiny
from host.tasks.codec.context_tables import Size, fit_context_tables


def smooth(shape: tuple[int, int, int], spread: float) -> np.ndarray:
    generator = np.random.default_rng(3)
    codes = np.cumsum(generator.normal(size=shape), 1) * spread + generator.laplace(size=shape) * spread
    return np.clip(np.rint(codes), -128, 127).astype(np.int8)


@pytest.mark.parametrize("segment", [context.SEGMENT_CODES, 40])
@pytest.mark.parametrize("spread", [0.1, 1.0, 40.0])
def test_it_is_what_the_coder_is_told(spread: float, segment: int) -> None:
    codes = smooth((9, 7, 3), spread)
    told, escaped = [], 0

    def encode(symbols: np.ndarray, exponent: int, extra: bytes) -> bytes:
        nonlocal escaped
        told.extend((symbols >> np.uint32(16)).tolist())
        escaped += len(extra)
        return lanes_encode(symbols, exponent, extra)

    lanes_encode: Any = lanes.encode
    tables = tiny.context_tables()
    with mock.patch.object(context, "SEGMENT_CODES", segment), mock.patch.object(lanes, "encode", encode):
        payload = ContextCoder(tables, codes.shape).encode(codes)
    assert told and (escaped > 0) == (spread > 0.1)
    expected = sum(15 - np.log2(float(frequency)) for frequency in told) + 8 * escaped
    assert ideal_bits(codes, tables) == pytest.approx(expected, abs=1e-6)
    assert expected < 8 * len(payload)


def test_many_codes_cost_little_more_than_ideal() -> None:
    codes = smooth((60, 50, 6), 1.0)
    tables = fit_context_tables([codes], Size(terms=4, scores=6, tables=8))
    payload = ContextCoder(tables, codes.shape).encode(codes)
    assert ideal_bits(codes, tables) < 8 * len(payload) < 1.02 * ideal_bits(codes, tables)
