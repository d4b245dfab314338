"""Raw timings of an encoder, in nanoseconds of the performance counter; never an average."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter_ns
from typing import TYPE_CHECKING, TypeVar

from .quantization import Array

if TYPE_CHECKING:
    from .encoder import Encoder

Result = TypeVar("Result")
STAGES = ("encode_ns", "quantize_ns", "invoke_ns", "code_ns")


def timed(call: Callable[[], Result]) -> tuple[Result, int]:
    """What `call` returns, and how long it took in nanoseconds."""
    start = perf_counter_ns()
    result = call()
    return result, perf_counter_ns() - start


def time_encodes(encoder: Encoder, images: Sequence[Array], runs: int) -> list[int]:
    """Whole encodes, cycling over `images`: nanoseconds of each of the `runs`."""
    samples = []
    for run in range(runs):
        image = images[run % len(images)]
        start = perf_counter_ns()
        encoder.encode(image)
        samples.append(perf_counter_ns() - start)
    return samples


def time_stages(encoder: Encoder, images: Sequence[Array], runs: int) -> dict[str, list[int]]:
    """Whole encodes and single stages, by turns, cycling over `images`.

    Both are measured, because the sum of the stages holds three more reads of the clock, and by turns, so that
    a machine that warms up or throttles meanwhile does so for both.

    Returns:
        For each of `STAGES`, nanoseconds of each of the `runs`.
    """
    samples: dict[str, list[int]] = {stage: [] for stage in STAGES}
    whole, first, second, third = (samples[stage].append for stage in STAGES)
    for run in range(runs):
        image = images[run % len(images)]
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
        coded = perf_counter_ns()
        first(quantized - start)
        second(invoked - quantized)
        third(coded - invoked)
    return samples
