"""Raw timings of an encoder, in nanoseconds of the performance counter; never an average.

Where images are of several sizes, making ready for another size is not in the times.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter_ns
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from ..quantization import Array
from ..run_file import STAGES

if TYPE_CHECKING:
    from ..pipeline import Pipeline

Result = TypeVar("Result")
KEPT_A_MINUTE = 1000  # of the samples of a sustained run: enough for a p90, little enough for a file
_VECTOR = np.arange(1 << 15, dtype=np.int32)


def timed(call: Callable[[], Result]) -> tuple[Result, int]:
    """What `call` returns, and how long it took in nanoseconds."""
    start = perf_counter_ns()
    result = call()
    return result, perf_counter_ns() - start


def reference_loop() -> int:
    """A fixed piece of work, half Python and half numpy. It separates a machine's speed from a network's."""
    total = 0
    for number in range(4000):
        total = (total * 31 + number) & 0xFFFF
    for _ in range(8):
        total += int((_VECTOR * _VECTOR >> 3).sum())
    return total


def time_reference(repeats: int) -> list[int]:
    """Nanoseconds of the fixed loop, `repeats` times."""
    return [timed(reference_loop)[1] for _ in range(repeats)]


def time_encodes(encoder: Pipeline, images: Sequence[Array], runs: int, minimum_ns: int = 0) -> list[int]:
    """Nanoseconds of whole encodes, cycling over `images`, until both a count and a time are reached."""
    samples: list[int] = []
    begin = perf_counter_ns()
    while len(samples) < runs or perf_counter_ns() - begin < minimum_ns:
        image = images[len(samples) % len(images)]
        encoder.prepare(image)
        start = perf_counter_ns()
        encoder.encode(image)
        samples.append(perf_counter_ns() - start)
    return samples


def time_stages(encoder: Pipeline, images: Sequence[Array], runs: int, minimum_ns: int = 0) -> dict[str, list[int]]:
    """For each of `STAGES`, nanoseconds of each turn, cycling over `images`, until both a count and a time are reached.

    Whole encodes are measured too, because the sum of the stages holds three more reads of the clock, and by turns
    with these, so that a machine that warms up or throttles meanwhile does so for both.
    """
    samples: dict[str, list[int]] = {stage: [] for stage in STAGES}
    whole, first, second, third = (samples[stage].append for stage in STAGES)
    turn = 0
    end = begin = perf_counter_ns()
    while turn < runs or end - begin < minimum_ns:
        image = images[turn % len(images)]
        turn += 1
        encoder.prepare(image)
        start = perf_counter_ns()
        encoder.encode(image)
        end = perf_counter_ns()
        whole(end - start)
        # A read of the clock between the two, so that the bookkeeping above is in neither.
        start = perf_counter_ns()
        encoder.quantize(image)
        quantized = perf_counter_ns()
        encoder.invoke()
        invoked = perf_counter_ns()
        encoder.code()
        end = perf_counter_ns()
        first(quantized - start)
        second(invoked - quantized)
        third(end - invoked)
    return samples


def time_minute(encoder: Pipeline, images: Sequence[Array], keep_every: int, length_ns: int) -> tuple[int, list[int]]:
    """Whole encodes without a pause: how many there were, and the nanoseconds of the first of each `keep_every`."""
    kept: list[int] = []
    count = 0
    end = begin = perf_counter_ns()
    while end - begin < length_ns:
        image = images[count % len(images)]
        encoder.prepare(image)
        start = perf_counter_ns()
        encoder.encode(image)
        end = perf_counter_ns()
        if count % keep_every == 0:
            kept.append(end - start)
        count += 1
    return count, kept
