"""Times of calls on this machine, and the names of machines in results."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import numpy as np

from device.environment import read_environment
from device.runtime import load_runtime
from host.results import Latency

TIMED_RUNS, WARMUP_RUNS = 200, 20
ENOUGH_NS = 2_000_000_000  # of one part: a call that takes long is called less often,
FEWEST_RUNS = 5  # but so often at least


def time_calls(call: Callable[[], object]) -> list[int]:
    """Nanoseconds of TIMED_RUNS calls after WARMUP_RUNS that are not counted; of fewer if a call takes long."""
    started = time.perf_counter_ns()
    for _ in range(WARMUP_RUNS):
        call()
        if time.perf_counter_ns() - started > ENOUGH_NS / 10:
            break
    samples: list[int] = []
    while len(samples) < FEWEST_RUNS or (len(samples) < TIMED_RUNS and sum(samples) < ENOUGH_NS):
        started = time.perf_counter_ns()
        call()
        samples.append(time.perf_counter_ns() - started)
    return samples


def latency(samples_ns: Sequence[int], device: str, runtime: str) -> Latency:
    """Raw times of one part, all measured in one process."""
    median, p90 = np.percentile(samples_ns, (50, 90))
    return Latency(device, runtime, len(samples_ns), float(median), float(np.mean(samples_ns)), float(p90))


def timed(call: Callable[[], object], runtime: str | None = None) -> Latency:
    """Times of a call on this machine; `runtime` is what ran it, None for the runtime of .tflite files."""
    machine, own = this_machine()
    return latency(time_calls(call), machine, runtime or own)


@lru_cache
def this_machine() -> tuple[str, str]:
    """This machine's name in results, and the runtime of .tflite files with its version."""
    runtime = load_runtime()
    environment = read_environment(runtime)
    board = environment.get("board") or environment.get("cpu_model")
    return device_name(board, environment.get("hostname")), f"{runtime.name} {runtime.version}"


def device_name(board: object, hostname: object) -> str:
    """A folder's name for a machine: of its board where it has one, else of its host name."""
    name = "".join(c if c.isascii() and c.isalnum() else " " for c in str(board or hostname or "device").lower())
    return "-".join(name.split())[:64] or "device"


def interleaved_ns(
    calls: Mapping[str, Callable[[], object]], repetitions: int, generator: np.random.Generator
) -> dict[str, list[int]]:
    """Nanoseconds of each of several calls. They take turns, so that a slow phase of the machine affects all.

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
