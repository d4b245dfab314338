"""What a row of a table is computed with, always from raw samples; the host uses the same."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Summary:
    """Of one set of samples; every value but `count` in the samples' unit.

    Attributes:
        count: samples.
        mean: arithmetic mean.
        stdev: standard deviation, n - 1 in the denominator; 0 for a single sample.
        minimum, p50, p90, p99, maximum: see `percentile`.
    """

    count: int
    mean: float
    stdev: float
    minimum: float
    p50: float
    p90: float
    p99: float
    maximum: float


def mean(samples: Sequence[float]) -> float:
    """Arithmetic mean; raises ValueError without samples."""
    _some(samples)
    return math.fsum(samples) / len(samples)


def stdev(samples: Sequence[float]) -> float:
    """Standard deviation with n - 1 in the denominator; 0 for a single sample, ValueError for none."""
    middle = mean(samples)
    if len(samples) == 1:
        return 0.0
    return math.sqrt(math.fsum((sample - middle) ** 2 for sample in samples) / (len(samples) - 1))


def percentile(samples: Sequence[float], percent: float) -> float:
    """Percentile with linear interpolation between the closest ranks.

    Hyndman and Fan's definition 7, https://doi.org/10.1080/00031305.1996.10473566; numpy's default.

    Args:
        samples: in any order.
        percent: 0..100.

    Raises:
        ValueError: no samples, or `percent` out of range.
    """
    _some(samples)
    if not 0 <= percent <= 100:
        raise ValueError(f"percent is {percent}, expected 0..100")
    ordered = sorted(samples)
    rank = (len(ordered) - 1) * percent / 100
    below = math.floor(rank)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (rank - below)


def summarize(samples: Sequence[float]) -> Summary:
    """All of the above at once; raises ValueError without samples."""
    return Summary(
        count=len(samples),
        mean=mean(samples),
        stdev=stdev(samples),
        minimum=min(samples),
        p50=percentile(samples, 50),
        p90=percentile(samples, 90),
        p99=percentile(samples, 99),
        maximum=max(samples),
    )


def _some(samples: Sequence[float]) -> None:
    if not len(samples):
        raise ValueError("no samples")
