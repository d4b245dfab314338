"""Counts of codes become integer frequencies."""

from __future__ import annotations

import numpy as np

from device.outputs.entropy import SYMBOLS, TOTAL


def count_codes(codes: np.ndarray) -> np.ndarray:
    """How often each code appears in each channel.

    Args:
        codes: int8 (count, height, width, channels).

    Returns:
        int64 (channels, 256); column i is code i - 128.
    """
    channels = codes.shape[-1]
    shifted = codes.reshape(-1, channels).astype(np.int64) + 128 + SYMBOLS * np.arange(channels)
    return np.bincount(shifted.ravel(), minlength=channels * SYMBOLS).reshape(channels, SYMBOLS)


def fit_frequencies(counts: np.ndarray) -> np.ndarray:
    """Counts to coding frequencies: every code keeps at least 1, each channel sums to 2**15 exactly.

    What is left after a 1 for every code is shared in proportion; the remainders go to the largest fractions
    (Hamilton's method), ties to the lower code.

    Args:
        counts: int64 (channels, 256).

    Returns:
        uint16 (channels, 256).
    """
    spare = TOTAL - SYMBOLS
    totals = counts.sum(1, keepdims=True)
    shares = np.where(totals > 0, counts / np.maximum(totals, 1), 1 / SYMBOLS) * spare
    frequencies = np.floor(shares).astype(np.int64)
    for row, share in zip(frequencies, shares, strict=True):
        left = spare - int(row.sum())
        row[np.argsort(row - share, kind="stable")[:left]] += 1
    return (frequencies + 1).astype(np.uint16)
