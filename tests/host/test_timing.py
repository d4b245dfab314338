"""Times: calls by turns, once each in every round; how often a call is timed; what a time is called."""

from __future__ import annotations

import time

import numpy as np
import pytest

from host.timing import device_name, interleaved_ns, latency, time_calls, timed


def test_every_round_has_every_call_once_after_one_to_warm_up() -> None:
    seen: list[str] = []
    calls = {name: (lambda name=name: seen.append(name)) for name in "abcd"}
    found = interleaved_ns(calls, 12, np.random.default_rng(1))
    rounds = ["".join(seen[begin : begin + 4]) for begin in range(0, len(seen), 4)]
    assert len(rounds) == 13 and {"".join(sorted(each)) for each in rounds} == {"abcd"}
    assert len(set(rounds)) > 3
    assert {name: len(samples) for name, samples in found.items()} == dict.fromkeys("abcd", 12)


def test_times_belong_to_their_call() -> None:
    found = interleaved_ns({"slow": lambda: time.sleep(0.005), "fast": lambda: None}, 4, np.random.default_rng(2))
    assert min(found["slow"]) >= 5_000_000 > max(found["fast"])


def test_a_short_call_is_timed_often_and_a_long_one_a_few_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("host.timing.ENOUGH_NS", 40_000_000)
    calls: list[float] = []
    assert len(time_calls(lambda: calls.append(0))) == 200 and len(calls) == 220
    assert len(time_calls(lambda: time.sleep(0.02))) == 5


def test_a_latency_says_where_how_often_and_what() -> None:
    found = latency([10, 30, 20, 40, 100], "pi", "litert 1")
    assert (found.device, found.runtime, found.n) == ("pi", "litert 1", 5)
    assert (found.median_ns, found.mean_ns, found.p90_ns) == (30, 40, pytest.approx(76))
    here = timed(lambda: None)
    assert here.device and here.runtime.startswith("ai_edge_litert ") and here.processes is None
    assert timed(lambda: None, "keras, batch 1").runtime == "keras, batch 1"


@pytest.mark.parametrize(
    ("board", "hostname", "name"),
    [
        ("Raspberry Pi 4 Model B Rev 1.4", "pi", "raspberry-pi-4-model-b-rev-1-4"),
        (None, "My Host", "my-host"),
        ("", None, "device"),
        ("../../etc", "x", "etc"),
        ("/", "x", "device"),
        ("b" * 300, None, "b" * 64),
    ],
)
def test_a_device_is_named_as_a_folder_right_here(board: str | None, hostname: str | None, name: str) -> None:
    assert device_name(board, hostname) == name
