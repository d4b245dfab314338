"""The ratio of two sides' medians with its interval; `device.statistics` resamples the processes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from device.statistics import expanded_interval, fewest_processes, resampled_medians


def median_ratio_interval(
    a: Sequence[Sequence[float]],
    b: Sequence[Sequence[float]],
    confidence: float = 0.99,
    *,
    resamples: int = 10000,
    seed: int = 0,
) -> tuple[float, float] | None:
    """Confidence interval of median(b) / median(a), each of all samples of one side's processes.

    Both sides are drawn independently. At 99 % and with 10 processes a side, simulated equal sides were called
    different in 0.4 to 1 % of the cases (normal processes; two speeds between processes; heavy tails within them).

    Args:
        a, b: the samples of each process, greater than 0.
        confidence, resamples, seed: as in `device.statistics.median_interval`.

    Returns:
        Lower and upper end; None if a side has fewer than `fewest_processes(confidence)`.

    Raises:
        ValueError: a process without samples, or a confidence out of range.
    """
    count = min(len(a), len(b))
    if count < fewest_processes(confidence):
        return None
    generator = np.random.default_rng(seed)
    medians = resampled_medians(a, resamples, generator)
    return expanded_interval(resampled_medians(b, resamples, generator) / medians, count, confidence)
