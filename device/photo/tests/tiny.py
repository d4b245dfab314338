"""Small context tables."""

from __future__ import annotations

import numpy as np

from ..context_tables import ContextTables, Sums


def context_tables(channels: int = 3) -> ContextTables:
    """Small context tables with sources of every kind, and codes that are escaped."""
    left, right, above = channels, 2 * channels, 4 * channels
    sources, counts = [], []
    for channel in range(channels):
        terms = [left + channel, above + channel, above - channels + channel, above + channels]
        terms += [channel - 1, right + channel - 1] if channel else []
        sources += terms
        counts.append(len(terms))
    weights = [(37, 25, -9, 6, 11, -17)[place] for count in counts for place in range(count)]
    biases = np.zeros(channels)
    frequencies = [
        (0, 80, 32500, 150, 0, 38),
        (500, 5000, 20000, 6000, 800, 468),
        (4000, 6000, 8000, 7000, 5000, 2768),
    ]
    return ContextTables.of(
        companding=np.rint(16 * np.log2(1 + np.arange(256))),
        score_edges=np.array([300, 1400]),
        skew_edges=np.array([12]),
        rows=np.array([[0, 1], [1, 1], [1, 2]]),
        frequencies=np.array(frequencies),
        predictors=Sums(biases, np.array(counts), np.array(sources), np.array(weights)),
        scales=Sums(biases + 90, np.array(counts), np.array(sources), np.abs(np.array(weights))),
    )
