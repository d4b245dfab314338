"""The shift between two groups of numbers, from ranks. It assumes nothing about their distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist

_EXACT_PAIRS = 10_000


def shift_interval(a: Sequence[float], b: Sequence[float], confidence: float) -> tuple[float, float] | None:
    """Confidence interval of the shift of `b` against `a`, of the Wilcoxon rank-sum test.

    Exact for any continuous distribution (with equal values wider than need be), a normal approximation where there
    are more than 10,000 pairs of values.
    Moses' interval: between the k-th smallest and the k-th largest of all differences b - a; Hollander, Wolfe and
    Chicken, Nonparametric Statistical Methods, 3rd edition, 2014, section 4.3.

    Args:
        a, b: independent values.
        confidence: between 0 and 1; may be as near to 1 as a correction for many comparisons makes it.

    Returns:
        Lower and upper end; None where so few values cannot reach the confidence.
    """
    outside = _pairs_outside(len(a), len(b), (1 - confidence) / 2)
    if outside < 1:
        return None
    differences = sorted(right - left for left in a for right in b)
    return differences[outside - 1], differences[-outside]


def _pairs_outside(first: int, second: int, tail: float) -> int:
    # How many of the sorted differences lie beyond each end of the interval.
    if first * second > _EXACT_PAIRS:
        deviation = math.sqrt(first * second * (first + second + 1) / 12)
        return round(first * second / 2 + NormalDist().inv_cdf(tail) * deviation)
    arrangements = _rank_sum_counts(first, second)
    allowed = tail * sum(arrangements)
    seen = outside = 0
    while seen + arrangements[outside] <= allowed:
        seen += arrangements[outside]
        outside += 1
    return outside


@lru_cache(maxsize=64)
def _rank_sum_counts(first: int, second: int) -> tuple[int, ...]:
    # Arrangements of two groups by the number of pairs in which the second's is smaller: the coefficients of the
    # Gaussian binomial, the product of (1 - x^(second + i)) / (1 - x^i) over i = 1..first.
    counts = [1] + [0] * (first * second)
    for index in range(1, first + 1):
        for pairs in range(first * second, second + index - 1, -1):
            counts[pairs] -= counts[pairs - second - index]
        for pairs in range(index, first * second + 1):
            counts[pairs] += counts[pairs - index]
    return tuple(counts)
