"""Calls by turns: once each in every round, in orders that differ."""

from __future__ import annotations

import time

import numpy as np

from host.curves.interleaved import interleaved_ns


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
