"""Tables with random contents, as wide as the format lets them be."""

from __future__ import annotations

import numpy as np

from ...outputs.context_codes.tables import GROUP, MAGNITUDES, QUIET_CAP, SCORES, VERSION, ContextTables, is_known
from ...quantization import Array

TOTAL = 1 << 15


def frequencies(rows: int, columns: int, generator: np.random.Generator, least: int = 1) -> Array:
    """uint16 (rows, columns): some columns have nearly all, some have `least`; rows sum to 2**15."""
    weights = generator.random((rows, columns)) ** generator.integers(1, 40)
    found = np.floor(weights / weights.sum(1, keepdims=True) * (TOTAL - columns)).astype(np.int64) + least
    found[:, -1] += 1 - least
    found[np.arange(rows), found.argmax(1)] += TOTAL - found.sum(1)
    as_stored: Array = found.astype(np.uint16)
    return as_stored


def context_tables(channels: int, generator: np.random.Generator, radius: int | None = None) -> ContextTables:
    """Any number of bins, terms and quiet edges; codes that are escaped; sums that may leave int16."""
    scores, skews, tables = (int(generator.integers(1, most)) for most in (12, 6, 8))
    quiet = int(generator.integers(0, 6))
    radius = int(generator.integers(0, 12)) if radius is None else radius
    largest = int(generator.choice([20, 200, 32767]))
    parts = [
        [VERSION, channels, scores, skews, tables, radius, quiet],
        np.sort(generator.integers(0, 300, MAGNITUDES)) * (np.arange(MAGNITUDES) > 0),
        _ascending(scores - 1, SCORES - 1, generator) + 1,
        _ascending(skews - 1, 64, generator),
        generator.integers(0, tables, scores * skews),
        _ascending(quiet, GROUP * QUIET_CAP, generator),
        generator.integers(1, TOTAL, quiet),
        frequencies(tables, 2 * radius + 2, generator, least=0).ravel(),
    ]
    for own_left in (True, False):
        known = [_known(channel, channels, own_left) for channel in range(channels)]
        chosen = [sorted(set(generator.choice(each, generator.integers(0, 9)).tolist())) for each in known]
        terms = sum(map(len, chosen))
        parts += [[len(each) for each in chosen], generator.integers(-largest, largest + 1, channels)]
        parts += [[source for each in chosen for source in each], generator.integers(-largest, largest + 1, terms)]
    parts.append(generator.integers(-largest, largest + 1, channels))
    return ContextTables(np.concatenate([np.asarray(part, np.int64) for part in parts]).astype(np.uint16))


def codes(shape: tuple[int, ...], generator: np.random.Generator) -> Array:
    """int8: nothing but zeros, quiet, smooth, or noise."""
    spread = float(generator.choice([0.0, 0.1, 0.5, 2.0, 20.0, 400.0]))
    found = generator.laplace(size=shape) * spread
    if generator.random() < 0.3 and len(shape) > 1:
        found = np.cumsum(found, axis=1)
    return np.clip(np.rint(found), -128, 127).astype(np.int8)


def _ascending(count: int, limit: int, generator: np.random.Generator) -> Array:
    # Half of them among the first, where sums of few codes lie.
    near = generator.permutation(min(limit, 2000))[: count // 2]
    rest = np.setdiff1d(generator.permutation(limit)[: 2 * count], near)[: count - len(near)]
    return np.sort(np.concatenate((near, rest)))


def _known(channel: int, channels: int, own_left: bool) -> list[int]:
    return [
        neighbour * channels + source
        for neighbour in range(6)
        for source in range(channels)
        if is_known(neighbour, source, channel) and (own_left or (neighbour, source) != (1, channel))
    ]
