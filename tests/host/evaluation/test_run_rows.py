"""Times and memory of a row that several processes measured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from device.run_file import Process, RunRow
from host.evaluation.run_rows import Origin, run_latency, run_memory
from host.results import Latency

ORIGIN = Origin("pi", "litert 1")


def row(*processes: list[int], peaks: tuple[int, ...] = ()) -> RunRow:
    memory = [
        {"rss_before_load_bytes": 10 * peak, "peak_rss_bytes": peak} for peak in peaks or range(1, len(processes) + 1)
    ]
    measured = [
        Process(number, 1, 1, (), {"encode_ns": tuple(samples)}, (), found)
        for number, (samples, found) in enumerate(zip(processes, memory, strict=True))
    ]
    return RunRow("m", "int8", "int8", 2, "00c0ffee", "ok", processes=tuple(measured))


def test_all_processes_samples_count_together() -> None:
    expected = Latency("pi", "litert 1", 5, 30, 40, pytest.approx(76), threads=2, processes=3)
    assert run_latency(row([10, 30], [20], [40, 100]), ORIGIN) == expected


def test_the_interval_is_of_processes_and_not_of_samples() -> None:
    # Each process has a speed of its own: many samples of each say nothing about the next process.
    generator = np.random.default_rng(5)
    middles = generator.normal(1000, 100, 10)
    processes = [list(map(int, generator.normal(middle, 1, 200))) for middle in middles]
    interval = run_latency(row(*processes), ORIGIN).median_interval_ns
    assert interval and interval[0] < np.median(middles) < interval[1]
    assert interval[1] - interval[0] > 50


def test_an_emulated_time_says_by_what() -> None:
    assert run_latency(row([1]), replace(ORIGIN, emulated="qemu-user")).emulated == "qemu-user"


def test_memory_is_the_largest_peak_and_medians() -> None:
    found = run_memory(row([1], [1], [1], peaks=(7, 5, 6)))
    assert found == {"peak_rss_bytes": 7, "rss_before_load_bytes": 60}


def test_memory_that_a_process_could_not_tell_is_absent() -> None:
    measured = row([1], [1])
    processes = tuple(replace(process, memory={"peak_rss_bytes": 3}) for process in measured.processes)
    assert run_memory(replace(measured, processes=processes)) == {"peak_rss_bytes": 3}
