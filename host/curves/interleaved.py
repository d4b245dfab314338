"""Times of several calls on one machine, by turns: what slows the machine for a while slows all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import numpy as np


def interleaved_ns(
    calls: Mapping[str, Callable[[], object]], repetitions: int, generator: np.random.Generator
) -> dict[str, list[int]]:
    """Nanoseconds of each call, one for each repetition.

    Args:
        calls: by name; each is called once more before, to warm up.
        repetitions: rounds, every call once in each.
        generator: of each round's order.
    """
    names = list(calls)
    for call in calls.values():
        call()
    found: dict[str, list[int]] = {name: [] for name in names}
    for _ in range(repetitions):
        for place in generator.permutation(len(names)):
            begun = time.perf_counter_ns()
            calls[names[place]]()
            found[names[place]].append(time.perf_counter_ns() - begun)
    return found
