"""Times and memory of a row that several processes measured."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from host.evaluation.run_rows import run_latency, run_memory

ORIGIN = {"device": "pi", "runtime": "litert 1"}


def row(*processes: list[int], peaks: tuple[int, ...] = ()) -> dict[str, Any]:
    memory = [
        {"rss_before_load_bytes": 10 * peak, "peak_rss_bytes": peak} for peak in peaks or range(1, len(processes) + 1)
    ]
    return {
        "threads": 2,
        "processes": [
            {"samples": {"encode_ns": samples}, "memory": found}
            for samples, found in zip(processes, memory, strict=True)
        ],
    }


def test_all_processes_samples_count_together() -> None:
    found = run_latency(row([10, 30], [20], [40, 100]), ORIGIN)
    assert found == {
        "device": "pi",
        "runtime": "litert 1",
        "threads": 2,
        "processes": 3,
        "n": 5,
        "median_ns": 30,
        "mean_ns": 40,
        "p90_ns": pytest.approx(76),
    }


def test_the_interval_is_of_processes_and_not_of_samples() -> None:
    # Each process has a speed of its own: many samples of each say nothing about the next process.
    generator = np.random.default_rng(5)
    middles = generator.normal(1000, 100, 10)
    processes = [list(map(int, generator.normal(middle, 1, 200))) for middle in middles]
    low, high = run_latency(row(*processes), ORIGIN)["median_interval_ns"]
    assert low < np.median(middles) < high
    assert high - low > 50


def test_an_emulated_time_says_by_what() -> None:
    assert run_latency(row([1]), {**ORIGIN, "emulated": "qemu-user"})["emulated"] == "qemu-user"


def test_memory_is_the_largest_peak_and_medians() -> None:
    found = run_memory(row([1], [1], [1], peaks=(7, 5, 6)))
    assert found == {"peak_rss_bytes": 7, "rss_before_load_bytes": 60}


def test_memory_that_a_process_could_not_tell_is_absent() -> None:
    measured = row([1], [1])
    for process in measured["processes"]:
        process["memory"] = {"peak_rss_bytes": 3}
    assert run_memory(measured) == {"peak_rss_bytes": 3}
