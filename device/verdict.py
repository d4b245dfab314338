"""Reasons to distrust a row's times. They come from all raw samples; nothing is clipped or left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .run_file import Process, RunRow, pooled_samples, process_samples
from .state import THROTTLE_FLAGS, other_load, rate
from .statistics import mean, percentile, stdev

# The two limits on spread are pyperf's, https://pyperf.readthedocs.io/en/latest/analyze.html
STDEV_LIMIT = 0.10
EXTREME_LIMIT = 0.50
VALUE_NS = 10_000_000  # and as there, spread is judged on means over a little while, not on single encodes
TIMER_STEPS = 100  # that a median should have at least
OTHER_LOAD_LIMIT = 0.10  # of one processor
STEAL_LIMIT = 0.01  # of the elapsed time
SPEED_LIMIT = 1.10  # slowest to fastest process's median of the fixed loop


def judge(row: RunRow, environment: Mapping[str, Any]) -> list[str]:
    """Reasons to distrust the times of a row with status "ok", in a few words each; empty for a stable row."""
    reasons = []
    if environment.get("emulated"):
        reasons.append("emulated, not speed")
    reasons += _machine_reasons(row.processes, environment)
    reasons += _spread_reasons(process_samples(row))
    step = environment.get("timer_step_ns")
    median = percentile(pooled_samples(row), 50)
    if step and median < TIMER_STEPS * step:
        reasons.append(f"encodes too short for the clock ({median / step:.0f} of its steps)")
    if row.failures:
        reasons.append(f"processes that failed: {len(row.failures)}, {row.failures[0].error}")
    return reasons


def values(samples: Sequence[int], length_ns: int = VALUE_NS) -> list[float]:
    """Means of consecutive samples that together last `length_ns` or more; the rest joins the last."""
    found: list[list[int]] = [[]]
    lasted = 0
    for sample in samples:
        if lasted >= length_ns:
            found.append([])
            lasted = 0
        found[-1].append(sample)
        lasted += sample
    if len(found) > 1 and lasted < length_ns:
        rest = found.pop()
        found[-1] += rest
    return [mean(part) for part in found if part]


def throttled_now(flags: str) -> list[str]:
    """Names of the flags of a Raspberry Pi that are set at the moment, from "0x50005"."""
    bits = int(flags, 16)
    return [name for bit, name in THROTTLE_FLAGS.items() if bits >> bit & 1]


def _spread_reasons(processes: Sequence[Sequence[int]]) -> list[str]:
    found = [value for samples in processes for value in values(samples)]
    middle, spread = mean(found), stdev(found)
    reasons = []
    if spread >= STDEV_LIMIT * middle:
        reasons.append(f"stdev {100 * spread / middle:.0f} % of the mean")
    off = max(max(found) - middle, middle - min(found))
    if off >= EXTREME_LIMIT * middle:
        reasons.append(f"extreme {100 * off / middle:.0f} % off the mean")
    return reasons


def _machine_reasons(processes: Sequence[Process], environment: Mapping[str, Any]) -> list[str]:
    states = [state for process in processes for state in (process.before, process.after)]
    reasons = []
    flags = sorted({name for state in states if state.get("throttled") for name in throttled_now(state["throttled"])})
    begun = [int(state.get("throttled", "0x0"), 16) >> 16 for state in states]  # set once since boot
    if flags:
        reasons.append(", ".join(flags))
    elif begun and any(bits & ~begun[0] for bits in begun):
        reasons.append("throttled during the measurement")
    counts = [state["throttle_count"] for state in states if "throttle_count" in state]
    if counts and max(counts) > min(counts):
        reasons.append(f"throttled {max(counts) - min(counts)} times")
    governors = {state["governor"] for state in states if "governor" in state} or {environment.get("governor")}
    others = sorted(name for name in governors if name and name != "performance")
    if others:
        reasons.append(f"governor {', '.join(others)}, not performance")
    loads = [other_load(process.before, process.after) for process in processes]
    share = percentile([load for load in loads if load is not None] or [0.0], 50)
    if share >= OTHER_LOAD_LIMIT:
        reasons.append(f"load of others {share:.1f}")
    steal = max((rate(process.before, process.after, "steal_s") or 0.0 for process in processes), default=0.0)
    if steal >= STEAL_LIMIT:
        reasons.append(f"hypervisor took {steal:.2f} processors")
    speeds = [percentile(process.reference_ns, 50) for process in processes if process.reference_ns]
    if speeds and max(speeds) >= SPEED_LIMIT * min(speeds):
        reasons.append(f"machine's speed changed {max(speeds) / min(speeds):.2f}x")
    return reasons
