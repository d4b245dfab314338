"""Fits the tables of coder id 1 to codes: predictors by least squares, frequencies by counting.

Sums go over the images one by one, so that memory does not grow with their number. Nothing is random.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from device.outputs.context_codes import planes as context_planes
from device.outputs.context_codes.tables import (
    GROUP,
    MAGNITUDES,
    NEIGHBOURS,
    OWN_LEFT,
    QUIET_CAP,
    SKEW_BITS,
    VERSION,
    ContextTables,
    Sums,
    is_known,
)
from device.outputs.entropy import TOTAL

RADIUS = 31
SKEW_EDGES = (1, 3, 5, 9, 14, 20, 26)  # of 0..32: 1/64 codes
_ONE = 1 << SKEW_BITS  # a weight of 1
_COMPANDED_ONE = 16  # what a remainder of 1 counts, and, times `_ONE`, what its score is
_LEAST_SCORE, _LARGEST_SCORE = 4, 5 * _ONE * _COMPANDED_ONE
_LARGEST_WEIGHT = 4 * _ONE
_QUIET_BINS = 24
_LEAST_GAIN = 0.0005  # part of its sum's squared error that a term must take away
# A group that is busy more often than this is coded at once: asking costs rate there, and saves little time.
MOST_BUSY = 0.04


@dataclass(frozen=True)
class Size:
    """The size of a model. A larger one costs table bytes and coding time, and gains less and less.

    Attributes:
        terms: of a channel's predictor and of its scale, each, at most.
        scores: bins of the score.
        tables: of frequencies, that all bins share.
    """

    terms: int = 16
    scores: int = 40
    tables: int = 128


def companding() -> np.ndarray:
    """What a remainder's magnitude counts: 16 * log2(1 + magnitude), rounded. int64 (256,)."""
    return np.rint(_COMPANDED_ONE * np.log2(1 + np.arange(MAGNITUDES))).astype(np.int64)


def fit_context_tables(codes: Sequence[np.ndarray], size: Size = Size()) -> ContextTables:
    """Tables for codes like these.

    Args:
        codes: int8 (rows, columns, channels), one array per image, all of one quality.
        size: of the model.
    """
    predictors = _fit_sums(codes, _code_planes, size, bias=False)
    scales, lefts = _split(_fit_sums(codes, lambda image: _companded(image, predictors)[0], size, bias=True))
    quiet_edges, quiet_frequencies = _fit_quiet(codes, predictors, scales)
    edges = np.unique(np.rint(np.geomspace(_LEAST_SCORE, _LARGEST_SCORE, size.scores - 1)).astype(np.int64))
    shape = len(edges) + 1, len(SKEW_EDGES) + 1, 2 * RADIUS + 2
    counts: np.ndarray = np.zeros(shape, np.int64)
    for image in codes:
        stride = image.shape[1] + 2
        companded, remainder, skew = _companded(image, predictors)
        base = context_planes.weigh(companded, scales, stride)
        sums, busy = _groups(base, remainder, stride)
        coded = (busy | (sums >= quiet_edges[-1])) if len(quiet_edges) else np.ones_like(busy)
        score = base + companded[:, stride:-2] * lefts[:, None]
        seen = np.where(skew < 0, -remainder, remainder)
        places = (
            np.searchsorted(edges, score, "right"),
            np.searchsorted(SKEW_EDGES, np.abs(skew), "right"),
            np.where(np.abs(seen) > RADIUS, 2 * RADIUS + 1, seen + RADIUS),
        )
        flat = context_planes.inside(np.ravel_multi_index(places, shape), stride)
        flat = flat[np.repeat(coded, GROUP, axis=2)[..., : image.shape[1]]]
        counts += np.bincount(flat, minlength=counts.size).reshape(shape)
    rows, shared = merge_tables(counts.reshape(-1, shape[2]), size.tables)
    frequencies = [remainder_frequencies(table) for table in shared]
    head = [VERSION, len(lefts), *shape[:2], len(frequencies), RADIUS, len(quiet_edges)]
    parts: list[Any] = [head, companding(), edges, SKEW_EDGES, rows, quiet_edges, quiet_frequencies, *frequencies]
    for each in (predictors, scales):
        parts += [each.counts, each.biases, each.sources, each.weights]
    vector = np.concatenate([np.asarray(part).astype(np.int64).ravel() for part in (*parts, lefts)])
    return ContextTables(vector.astype(np.uint16))


def _fit_quiet(codes: Sequence[np.ndarray], predictors: Sums, scales: Sums) -> tuple[np.ndarray, np.ndarray]:
    """The largest sum of scores at which asking whether a group is quiet saves bits, and how often it is."""
    edges = np.unique(np.rint(np.geomspace(8, GROUP * QUIET_CAP - 1, _QUIET_BINS)).astype(np.int64))
    counts = np.zeros((len(edges) + 1, 2), np.int64)
    for image in codes:
        stride = image.shape[1] + 2
        companded, remainder, _ = _companded(image, predictors)
        sums, busy = _groups(context_planes.weigh(companded, scales, stride), remainder, stride)
        places = 2 * np.searchsorted(edges, sums, "right") + busy
        counts += np.bincount(places.ravel(), minlength=counts.size).reshape(counts.shape)
    busy_shares = (counts[:, 1] + MOST_BUSY / 2) / (counts.sum(1) + 1)
    kept = int(np.argmax(np.append(busy_shares[:-1] > MOST_BUSY, True)))
    frequencies = np.rint((1 - busy_shares[:kept]) * TOTAL).astype(np.int64)
    return edges[:kept], np.clip(frequencies, 1, TOTAL - 1)


def _groups(base: np.ndarray, remainder: np.ndarray, stride: int) -> tuple[np.ndarray, np.ndarray]:
    """Sums of groups' scores and whether they hold a remainder, (rows, channels, groups)."""
    scores = np.clip(context_planes.inside(base, stride), 0, QUIET_CAP)
    return context_planes.fold(np.add, scores), context_planes.fold(
        np.logical_or, context_planes.inside(remainder, stride) != 0
    )


def _split(sums: Sums) -> tuple[Sums, np.ndarray]:
    """The sums without each channel's own left neighbour, and its weights, int16 (channels,)."""
    channels = len(sums.counts)
    owners = np.repeat(np.arange(channels), sums.counts)
    left = sums.sources == OWN_LEFT * channels + owners
    weights = np.zeros(channels, np.int16)
    weights[owners[left]] = sums.weights[left]
    counts = sums.counts - np.bincount(owners[left], minlength=channels).astype(np.uint16)
    return Sums(sums.biases, counts.astype(np.uint16), sums.sources[~left], sums.weights[~left]), weights


def merge_tables(counts: np.ndarray, tables: int) -> tuple[np.ndarray, np.ndarray]:
    """Merges rows of counts into shared tables, always the two rows whose merging costs the fewest bits.

    Args:
        counts: (rows, symbols).
        tables: how many at most.

    Returns:
        The table of each row, and the tables' counts.
    """
    shared, rows = counts.astype(np.float64), np.arange(len(counts))
    alone = _bits(shared)
    loss = np.full((len(shared), len(shared)), np.inf)
    for first in range(len(shared) - 1):
        loss[first, first + 1 :] = _bits(shared[first] + shared[first + 1 :]) - alone[first] - alone[first + 1 :]
    while len(shared) > tables:
        first, second = (int(place) for place in np.unravel_index(np.argmin(loss), loss.shape))
        shared[first] += shared[second]
        rows[rows == second] = first
        rows[rows > second] -= 1
        shared, alone = np.delete(shared, second, 0), np.delete(alone, second)
        loss = np.delete(np.delete(loss, second, 0), second, 1)
        alone[first] = _bits(shared[first])
        together = _bits(shared[first] + shared) - alone[first] - alone
        loss[:first, first], loss[first, first + 1 :] = together[:first], together[first + 1 :]
    return rows, shared


def remainder_frequencies(counts: np.ndarray) -> np.ndarray:
    """Counts of remainders -31..31 and of the escape, to frequencies that sum to 2**15; the escape's is at least 1.

    A few counts of a two-sided geometric distribution of the same mean magnitude stand in for what was not seen; what
    is rarer than about 1 in 2**15 is left to the escape.
    """
    magnitudes = np.abs(np.arange(len(counts) - 1) - RADIUS)
    mean = (counts[:-1] @ magnitudes + 0.1) / (counts[:-1].sum() + 1)
    prior = (mean / (1 + mean)) ** magnitudes
    shares = counts[:-1] + 8 * prior / prior.sum()
    total = shares.sum() + counts[-1] + 0.5
    kept = (shares * TOTAL >= 0.75 * total) | (magnitudes == 0)
    weights = np.append(np.where(kept, shares, 0), counts[-1] + shares[~kept].sum() + 0.5)
    least = (weights > 0).astype(np.int64)
    spare = TOTAL - int(least.sum())
    exact = weights / weights.sum() * spare
    frequencies = np.floor(exact).astype(np.int64)
    frequencies[np.argsort(frequencies - exact, kind="stable")[: spare - int(frequencies.sum())]] += 1
    return frequencies + least


def _bits(counts: np.ndarray) -> np.ndarray:
    """Code length of rows of counts under their own frequencies, in bits."""
    totals = counts.sum(-1)
    return totals * np.log2(np.maximum(totals, 1)) - (counts * np.log2(np.maximum(counts, 1))).sum(-1)


def _code_planes(image: np.ndarray) -> np.ndarray:
    return context_planes.code_planes(image, np.zeros((image.shape[2], image.shape[1] + 2), np.int16))


def _companded(image: np.ndarray, predictors: Sums) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Planes of companded remainders, remainders, skews."""
    stride = image.shape[1] + 2
    remainder, skew = context_planes.predict(_code_planes(image), predictors, stride)
    above = np.zeros((image.shape[2], stride), np.int16)
    companded = context_planes.companded_planes(remainder, companding().astype(np.int16), above)
    return companded, remainder, skew - np.int16(_ONE // 2)


def _fit_sums(
    codes: Sequence[np.ndarray], planes_of: Callable[[np.ndarray], np.ndarray], size: Size, *, bias: bool
) -> Sums:
    """For each channel of the planes, the few sources that predict it best, and their integer weights."""
    channels = codes[0].shape[2]
    sources = len(NEIGHBOURS) * channels
    gram: np.ndarray = np.zeros((sources + 1, sources + 1))  # last the bias, a source that is always the same
    for image in codes:
        planes = planes_of(image)
        stride = image.shape[1] + 2
        rows = [_shifted(planes, stride, step) for step in NEIGHBOURS]
        rows.append(np.full((1, rows[0].shape[1]), _COMPANDED_ONE * bias, np.float64))
        matrix = np.concatenate(rows)  # of integers, whose sums float64 holds exactly
        gram += matrix @ matrix.T
    known = np.array(
        [
            [is_known(source // channels, source % channels, channel) for source in range(sources)]
            for channel in range(channels)
        ]
    )
    fitted = []
    for channel in range(channels):
        candidates = np.append(np.flatnonzero(known[channel]), [sources] if bias else []).astype(np.int64)
        fitted.append(_round(gram, channel, _choose(gram, channel, candidates, size, bias)))
    biases = [_COMPANDED_ONE * weights.pop(sources, 0) for weights in fitted]
    chosen = [source for weights in fitted for source in weights]
    return Sums(
        np.array(biases, np.int16),
        np.array([len(weights) for weights in fitted], np.uint16),
        np.array(chosen, np.uint16),
        np.array([weight for weights in fitted for weight in weights.values()], np.int16),
    )


def _shifted(planes: np.ndarray, stride: int, step: tuple[int, int]) -> np.ndarray:
    begin = 1 + stride + step[0] * stride + step[1]
    flat = planes[:, begin : begin + planes.shape[1] - 2 - stride]
    return context_planes.inside(flat, stride).transpose(1, 0, 2).reshape(len(planes), -1).astype(np.float64)


def _choose(gram: np.ndarray, target: int, candidates: np.ndarray, size: Size, bias: bool) -> list[int]:
    """Orthogonal matching pursuit on the normal equations; the bias, the last candidate, comes first."""
    # What the picked sources leave of each candidate's power, of its product with the target, and of the target.
    powers, products, error = np.diag(gram)[candidates], gram[candidates, target], gram[target, target]
    least_powers = 1e-3 * powers + 1e-9
    rows: list[np.ndarray] = []  # candidates' products with the picked ones, made orthonormal
    picked: list[int] = []
    for step in range(size.terms + bias):
        usable = powers > least_powers
        usable[picked] = False
        gains = np.where(usable, products**2 / np.where(usable, powers, 1), 0)
        best = int(np.argmax(gains)) if step or not bias else len(candidates) - 1
        if gains[best] <= _LEAST_GAIN * error:
            break
        row = gram[candidates[best], candidates]
        for other in rows:
            row = row - other[best] * other
        row = row / np.sqrt(powers[best])
        products = products - row * products[best] / np.sqrt(powers[best])
        powers = powers - row**2
        error -= gains[best]
        rows.append(row)
        picked.append(best)
    return [int(source) for source in candidates[picked]]


def _round(gram: np.ndarray, target: int, picked: list[int]) -> dict[int, int]:
    """Integer weights: rounded one after the other, the strongest source first, the others fitted to what it left."""
    free = sorted(picked, key=lambda source: -gram[source, source])
    fixed: dict[int, int] = {}
    while free:
        right = gram[free, target].copy()
        for source, weight in fixed.items():
            right -= gram[free, source] * weight / _ONE
        left = gram[np.ix_(free, free)] + np.diag(1e-6 * np.diag(gram)[free] + 1e-9)
        weight = np.rint(np.linalg.solve(left, right)[0] * _ONE)
        fixed[free.pop(0)] = int(np.clip(weight, -_LARGEST_WEIGHT, _LARGEST_WEIGHT))
    return {source: weight for source, weight in fixed.items() if weight}
