"""What codes would cost under a codec's own tables if nothing were lost to whole bytes, coder states and the header."""

from __future__ import annotations

import numpy as np

from device.entropy import TABLE_BITS
from device.photo.context_planes import code_planes, companded_planes, inside, predict, weigh
from device.photo.context_tables import SCORES, SKEW_BITS, ContextTables

_RAW_BITS = 8  # of a code that is escaped, after the escape itself


def ideal_bits(codes: np.ndarray, tables: ContextTables) -> float:
    """The ideal code length in bits: the sum of -log2 of every code's probability in its context.

    Args:
        codes: int8 (rows, columns, channels), of a whole image.
        tables: the model.
    """
    stride, channels = codes.shape[1] + 2, codes.shape[2]
    above = np.zeros((channels, stride), np.int16)
    remainder, skew = predict(code_planes(codes, above), tables.predictors, stride)
    companded = companded_planes(remainder, tables.companding, above)
    # Beside the image, which `inside` takes away, these may lie out of range.
    score = np.clip(weigh(companded, tables.scales, stride), 0, SCORES - 1)
    row = np.searchsorted(tables.score_edges, score, "right")
    column = np.searchsorted(tables.skew_edges, np.minimum(np.abs(skew), (1 << SKEW_BITS) - 1), "right")
    seen = np.where(skew < 0, -remainder, remainder)
    escape = 2 * tables.radius + 1
    symbol = np.where(np.abs(seen) > tables.radius, escape, seen + tables.radius)
    table = tables.rows[row, column]
    frequency = np.where(symbol == escape, 0, tables.frequencies[table, symbol])
    escaped = inside(frequency, stride) == 0
    coded = np.where(escaped, inside(tables.frequencies[table, escape], stride), inside(frequency, stride))
    # In float64: of uint16 numpy takes logarithms in float32, whose sum is off by bytes.
    return float(
        TABLE_BITS * coded.size - np.log2(coded.astype(np.float64)).sum() + _RAW_BITS * np.count_nonzero(escaped)
    )
