"""The ideal code length of codes under a codec's own tables, without whole bytes, coder states and the header."""

from __future__ import annotations

import numpy as np

from device.outputs.context_codes.coder import ContextCoder
from device.outputs.context_codes.tables import ContextTables
from device.outputs.entropy import TABLE_BITS


def ideal_bits(codes: np.ndarray, tables: ContextTables) -> float:
    """The ideal code length in bits: the sum of -log2 of every symbol's probability in its context.

    Args:
        codes: int8 (rows, columns, channels), of a whole image.
        tables: the model. What is escaped costs its 8 raw bits beside the escape.
    """
    symbols, extra, _, _ = ContextCoder(tables, codes.shape).symbols(codes)
    # In float64: of smaller integers numpy takes logarithms in float32, whose sum is off by bytes.
    frequencies = (symbols >> np.uint32(16)).astype(np.float64)
    return float(TABLE_BITS * len(symbols) - np.log2(frequencies).sum() + 8 * len(extra))
