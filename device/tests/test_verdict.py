from __future__ import annotations

import unittest
from typing import Any

from .. import verdict
from ..run_file import Failure, Process
from .test_run_file import ok_row

MILLISECOND = 1_000_000
STATE = {"clock_s": 0.0, "busy_s": 0.0, "own_cpu_s": 0.0, "steal_s": 0.0, "governor": "performance"}


def process(samples: list[int], **changes: Any) -> Process:
    after = {**STATE, "clock_s": 1.0, "busy_s": 1.0, "own_cpu_s": 1.0, **changes.pop("after", {})}
    before = {**STATE, **changes.pop("before", {})}
    reference_ns = tuple(changes.pop("reference_ns", [MILLISECOND] * 4))
    return Process(0, 1, 1, (), {"encode_ns": tuple(samples)}, reference_ns, {}, before, after)


def judge(*processes: Process, **environment: Any) -> list[str]:
    return verdict.judge(ok_row(processes=processes), environment)


class Judge(unittest.TestCase):
    calm = [5 * MILLISECOND] * 40

    def test_a_calm_row_is_stable(self) -> None:
        self.assertEqual(judge(process(self.calm), process(self.calm), timer_step_ns=50), [])

    def test_spread_between_processes(self) -> None:
        reasons = judge(process(self.calm), process([6_500_000] * 40))
        self.assertEqual(reasons, ["stdev 13 % of the mean"])

    def test_one_long_pause_is_seen_and_one_long_sample_of_many_short_ones_is_not(self) -> None:
        reasons = judge(process([*self.calm, 50 * MILLISECOND]))
        self.assertIn("off the mean", reasons[-1])
        short = [20_000] * 5000
        self.assertEqual(judge(process([*short, 200_000, *short])), [])

    def test_governor(self) -> None:
        slow = {"governor": "ondemand"}
        self.assertEqual(judge(process(self.calm, before=slow, after=slow)), ["governor ondemand, not performance"])

    def test_other_load_is_what_is_not_ours(self) -> None:
        self.assertEqual(judge(process(self.calm, after={"busy_s": 1.5})), ["load of others 0.5"])

    def test_hypervisor(self) -> None:
        self.assertEqual(judge(process(self.calm, after={"steal_s": 0.05})), ["hypervisor took 0.05 processors"])

    def test_throttling_flags(self) -> None:
        hot = {"throttled": "0x80008"}
        self.assertEqual(judge(process(self.calm, before=hot, after=hot)), ["soft temperature limit"])
        once = {"throttled": "0x50000"}  # happened since boot, but not while this ran
        self.assertEqual(judge(process(self.calm, before=once, after=once)), [])
        self.assertEqual(
            judge(process(self.calm, before={"throttled": "0x0"}, after=once)), ["throttled during the measurement"]
        )
        self.assertEqual(
            judge(process(self.calm, before={"throttle_count": 2}, after={"throttle_count": 5})), ["throttled 3 times"]
        )

    def test_machine_of_two_speeds(self) -> None:
        slow = process(self.calm, reference_ns=[2 * MILLISECOND] * 4)
        self.assertEqual(judge(process(self.calm), slow), ["machine's speed changed 2.00x"])

    def test_too_short_for_the_clock(self) -> None:
        reasons = judge(process([4_000] * 100), timer_step_ns=1_000)
        self.assertEqual(reasons, ["encodes too short for the clock (4 of its steps)"])

    def test_emulated_and_failed_processes(self) -> None:
        self.assertEqual(judge(process(self.calm), emulated="qemu-user"), ["emulated, not speed"])
        row = ok_row(processes=(process(self.calm),), failures=(Failure("SIGKILL", 3),))
        self.assertEqual(verdict.judge(row, {}), ["processes that failed: 1, SIGKILL"])

    def test_a_row_is_judged_by_what_it_has(self) -> None:
        bare = Process(0, 1, 1, (), {"encode_ns": tuple(self.calm)}, ())
        row = ok_row(processes=(bare,))
        self.assertEqual(verdict.judge(row, {"governor": "powersave"}), ["governor powersave, not performance"])


class Values(unittest.TestCase):
    def test_means_over_a_while_and_the_rest_in_the_last(self) -> None:
        self.assertEqual(verdict.values([4, 4, 4, 6, 6, 1], 10), [4.0, 13 / 3])
        self.assertEqual(verdict.values([1, 2], 10), [1.5])
        self.assertEqual(verdict.values([10, 20, 30], 10), [10.0, 20.0, 30.0])


if __name__ == "__main__":
    unittest.main()
