"""Means of a few seeds with their confidence intervals, and which points nothing beats."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from device.statistics import t_quantile

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Spread:
    """A number over the seeds.

    Attributes:
        half_width: of the mean's confidence interval, by Student's t; None of a single value.
        values: one a seed, in the seeds' order.
    """

    mean: float
    values: tuple[float, ...]
    half_width: float | None = None


def spread(values: Sequence[float], confidence: float = CONFIDENCE) -> Spread:
    """The mean of one value or more and its interval: t of n - 1 degrees times the standard error."""
    count = len(values)
    mean = math.fsum(values) / count
    if count < 2:
        return Spread(mean, tuple(values))
    variance = math.fsum((value - mean) ** 2 for value in values) / (count - 1)
    return Spread(mean, tuple(values), t_quantile((1 + confidence) / 2, count - 1) * math.sqrt(variance / count))


def pareto_front(points: Sequence[tuple[float, float]], higher_is_better: bool) -> set[int]:
    """The places of points (cost, value) of which no other is as cheap and as good, and better in one of both."""
    sign = 1 if higher_is_better else -1
    signed = [(cost, sign * value) for cost, value in points]

    def beaten(cost: float, value: float) -> bool:
        return any(c <= cost and v >= value and (c, v) != (cost, value) for c, v in signed)

    return {place for place, point in enumerate(signed) if not beaten(*point)}
