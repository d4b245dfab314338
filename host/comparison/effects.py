"""The ratio of two groups of processes' times, with the two intervals that a verdict about it rests on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np

from device.statistics import expanded_interval, fewest_processes, percentile, resampled_medians

Interval = tuple[float, float]
Samples = Sequence[Sequence[float]]
_EXACT_PAIRS = 10_000


@dataclass(frozen=True)
class Effect:
    """A ratio, run / baseline.

    Attributes:
        ratio: of the medians of all samples.
        interval: of that ratio, by resampling processes.
        rank_interval: of the ratio of the processes' own medians, by the rank-sum test, at the confidence that is
            corrected for the number of rows.
    """

    ratio: float
    interval: Interval
    rank_interval: Interval

    @property
    def side(self) -> int:
        """1 if both intervals are above 1, -1 if both are below, else 0."""
        intervals = (self.interval, self.rank_interval)
        return int(all(low > 1 for low, _ in intervals)) - int(all(high < 1 for _, high in intervals))

    @property
    def smallest(self) -> float:
        """The smallest relative difference that would have been seen: the wider interval's half width."""
        return max(math.sqrt(high / low) - 1 for low, high in (self.interval, self.rank_interval))


def measure_effect(baseline: Samples, run: Samples, confidence: float, rows: int) -> Effect | None:
    """The effect between two groups of processes.

    Args:
        baseline, run: the samples of each process, greater than 0.
        confidence: between 0 and 1.
        rows: how many such comparisons are made together (Bonferroni's correction).

    Returns:
        None where there are too few processes for one of the intervals.
    """
    interval = median_ratio_interval(baseline, run, confidence)
    one, other = ([math.log(percentile(process, 50)) for process in group] for group in (baseline, run))
    shift = shift_interval(one, other, 1 - (1 - confidence) / rows)
    if interval is None or shift is None:
        return None
    return Effect(pooled_median(run) / pooled_median(baseline), interval, (math.exp(shift[0]), math.exp(shift[1])))


def median_ratio_interval(
    baseline: Samples, run: Samples, confidence: float = 0.99, resamples: int = 10000
) -> Interval | None:
    """Confidence interval of the ratio run / baseline of medians, each of all samples of one side's processes.

    Both sides are drawn independently. At 99 % and with 10 processes a side, simulated equal sides were called
    different in 0.4 to 1 % of the cases (normal processes; two speeds between processes; heavy tails within them).

    Args:
        baseline, run: the samples of each process, greater than 0.
        confidence, resamples: as in `device.statistics.median_interval`.

    Returns:
        Lower and upper end; None if a side has fewer than `fewest_processes(confidence)`.
    """
    count = min(len(baseline), len(run))
    if count < fewest_processes(confidence):
        return None
    generator = np.random.default_rng(0)
    medians = resampled_medians(baseline, resamples, generator)
    return expanded_interval(resampled_medians(run, resamples, generator) / medians, count, confidence)


def shift_interval(a: Sequence[float], b: Sequence[float], confidence: float) -> Interval | None:
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


def pooled_median(processes: Samples) -> float:
    """The median of all samples of all processes."""
    return percentile([sample for samples in processes for sample in samples], 50)


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
