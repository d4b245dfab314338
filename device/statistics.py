"""Statistics of raw samples, for the tables here and on the host."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

FloatArray = np.ndarray[Any, np.dtype[np.float64]]


def mean(samples: Sequence[float]) -> float:
    """Arithmetic mean; raises ValueError without samples."""
    return float(np.mean(_some(samples)))


def stdev(samples: Sequence[float]) -> float:
    """Standard deviation with n - 1 in the denominator; 0 for a single sample, ValueError for none."""
    return float(np.std(_some(samples), ddof=1)) if len(samples) != 1 else 0.0


def percentile(samples: Sequence[float], percent: float) -> float:
    """Percentile, 0..100, with linear interpolation between the closest ranks; raises ValueError without samples.

    Hyndman and Fan's definition 7, https://doi.org/10.1080/00031305.1996.10473566; numpy's default.
    """
    return float(np.percentile(_some(samples), percent))


def median_interval(
    processes: Sequence[Sequence[float]], confidence: float = 0.95, *, resamples: int = 2000, seed: int = 0
) -> tuple[float, float] | None:
    """Confidence interval of the median of all samples of several processes; None for too few, see `fewest_processes`.

    What makes one process faster than the next (where its memory lies, what else the machine does) is common to
    all its samples, so these are not independent: whole processes are drawn with replacement (Davison and Hinkley,
    Bootstrap Methods and their Application, 1997, section 3.8), and the interval is `expanded_interval`.

    Raises ValueError for a process without samples, or a confidence that is not between 0 and 1.
    """
    if len(processes) < fewest_processes(confidence):
        return None
    medians = resampled_medians(processes, resamples, np.random.default_rng(seed))
    return expanded_interval(medians, len(processes), confidence)


def fewest_processes(confidence: float) -> int:
    """Processes that an interval of a median needs: 6 for 95 %, 8 for 99 %.

    All of n processes lie on one side of the true median with a chance of 2^(1 - n), and then no interval that is
    drawn from them holds it: 3 processes give 75 % at best, whatever is written beside them.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}, expected between 0 and 1")
    return max(3, math.ceil(1 - math.log2(1 - confidence)))


def resampled_medians(
    processes: Sequence[Sequence[float]], resamples: int, generator: np.random.Generator
) -> FloatArray:
    """Medians of all samples of processes that are drawn with replacement, as many as there are: float64 (resamples,).

    Raises ValueError for a process without samples.
    """
    for process in processes:
        _some(process)
    count = len(processes)
    values = np.concatenate([np.asarray(process, np.float64) for process in processes])
    order = np.argsort(values, kind="stable")
    values = values[order]
    owner = np.repeat(np.arange(count), [len(process) for process in processes])[order]
    # below[i, p]: how many of process p's samples are among the i + 1 smallest. A resample's median is found by
    # bisection in it: resamples are weights of processes, and no resampled set of samples is ever made.
    below = np.cumsum(owner[:, np.newaxis] == np.arange(count), axis=0, dtype=np.int32)
    drawn = generator.multinomial(count, np.full(count, 1 / count), size=resamples).astype(np.int32)
    total = (drawn * below[-1]).sum(axis=1)
    return (_drawn_sample(values, below, drawn, (total - 1) // 2) + _drawn_sample(values, below, drawn, total // 2)) / 2


def expanded_interval(values: FloatArray, count: int, confidence: float) -> tuple[float, float]:
    """Percentile interval of a bootstrap, widened for few processes.

    The plain percentile interval is too narrow by the factor that separates a normal quantile from Student's and a
    variance over n from one over n - 1. Hesterberg, What Teachers Should Know About the Bootstrap, 2015,
    https://doi.org/10.1080/00031305.2015.1089789: the levels are Phi(-+ sqrt(n / (n - 1)) t), t of n - 1 degrees.

    `values` are the statistic's, one for each resample; `count` is that of the processes, on the smaller side.
    """
    quantile = t_quantile((1 + confidence) / 2, count - 1)
    tail = math.erfc(math.sqrt(count / (count - 1)) * quantile / math.sqrt(2)) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)


def t_quantile(probability: float, degrees: int) -> float:
    """Quantile of Student's t distribution, to 10 digits.

    Bisection in its distribution function, a finite sum for whole degrees: Abramowitz and Stegun, Handbook of
    Mathematical Functions, 26.7.3 and 26.7.4.
    """
    if not 0.5 <= probability < 1 or degrees < 1:
        raise ValueError(f"probability {probability} and degrees {degrees}, expected 0.5..1 and 1 or more")
    low, high = 0.0, math.pi / 2
    for _ in range(60):
        angle = (low + high) / 2
        low, high = (angle, high) if _within_t(angle, degrees) < 2 * probability - 1 else (low, angle)
    return math.sqrt(degrees) * math.tan(low)


def _drawn_sample(values: FloatArray, below: Any, drawn: Any, rank: Any) -> FloatArray:
    # Of each resample, the sample with `rank` smaller ones before it; all resamples bisect together.
    low = np.zeros(len(drawn), np.int64)
    high = np.full(len(drawn), len(values) - 1)
    while (low < high).any():
        middle = (low + high) // 2
        enough = np.einsum("ij,ij->i", drawn, below[middle]) > rank
        low, high = np.where(enough, low, middle + 1), np.where(enough, middle, high)
    found: FloatArray = values[low]
    return found


def _within_t(angle: float, degrees: int) -> float:
    # P(|T| < t) for t = sqrt(degrees) * tan(angle).
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = degrees % 2
    term = total = cosine if odd else 1.0
    for index in range(2 + odd, degrees - 1, 2):
        term *= cosine * cosine * (index - 1) / index
        total += term
    if not odd:
        return sine * total
    return (angle + sine * total * (degrees > 1)) * 2 / math.pi


def _some(samples: Sequence[float]) -> Sequence[float]:
    if not len(samples):
        raise ValueError("no samples")
    return samples
