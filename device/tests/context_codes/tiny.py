"""Small context tables."""

from __future__ import annotations

import numpy as np

from ...outputs.context_codes.tables import VERSION, ContextTables
from ...quantization import Array


def context_tables(channels: int = 3) -> ContextTables:
    """Small context tables with sources of every kind, and codes that are escaped."""
    left, right, above = channels, 2 * channels, 4 * channels
    terms = [
        [left + channel, above + channel, above - channels + channel, above + channels]
        + ([channel - 1, right + channel - 1] if channel else [])
        for channel in range(channels)
    ]
    weights = [[37, 25, -9, 6, 11, -17][: len(each)] for each in terms]
    without_left = [[each for each in row if each != left + channel] for channel, row in enumerate(terms)]
    scale_weights = [[25, 9, 6, 11, 17][: len(each)] for each in without_left]
    biases = np.zeros(channels)
    frequencies = [
        (0, 80, 32500, 150, 0, 38),
        (500, 5000, 20000, 6000, 800, 468),
        (4000, 6000, 8000, 7000, 5000, 2768),
    ]
    parts = [
        [VERSION, channels, 3, 2, len(frequencies), 2, 3],
        np.rint(16 * np.log2(1 + np.arange(256))),
        [300, 1400],  # score edges
        [12],  # skew edges
        [0, 1, 1, 1, 1, 2],  # rows
        [200, 700, 1500],  # quiet edges
        [32000, 29000, 20000],  # quiet frequencies
        *frequencies,
        *_sums(biases, terms, weights),
        *_sums(biases + 30, without_left, scale_weights),
        np.full(channels, 37),  # lefts
    ]
    return ContextTables(np.concatenate(parts).astype(np.int64).astype(np.uint16))


def _sums(biases: Array, sources: list[list[int]], weights: list[list[int]]) -> list[Array]:
    return [np.array([len(each) for each in sources]), biases, np.concatenate(sources), np.concatenate(weights)]
