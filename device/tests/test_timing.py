from __future__ import annotations

import unittest
from typing import Any

from ..bench import timing
from ..run_file import STAGES


class Recorder:
    """Stands in for an encoder and keeps what it was asked."""

    def __init__(self) -> None:
        self.calls: list[Any] = []

    def prepare(self, image: Any) -> None:
        """Making ready is not what is timed."""

    def encode(self, image: Any) -> bytes:
        self.calls.append(("encode", image))
        return b""

    def quantize(self, image: Any) -> None:
        self.calls.append(("quantize", image))

    def invoke(self) -> None:
        self.calls.append("invoke")

    def code(self) -> bytes:
        self.calls.append("code")
        return b""


class Timing(unittest.TestCase):
    def test_whole_encodes_cycle_over_the_images(self) -> None:
        recorder: Any = Recorder()
        samples = timing.time_encodes(recorder, ["a", "b"], 3)  # type: ignore[list-item]
        self.assertEqual(recorder.calls, [("encode", "a"), ("encode", "b"), ("encode", "a")])
        self.assertEqual(len(samples), 3)
        self.assertTrue(all(type(sample) is int and sample >= 0 for sample in samples))

    def test_stages_take_turns_with_whole_encodes(self) -> None:
        recorder: Any = Recorder()
        samples = timing.time_stages(recorder, ["a", "b"], 2)  # type: ignore[list-item]
        one_turn = [("encode", "a"), ("quantize", "a"), "invoke", "code"]
        other_turn = [("encode", "b"), ("quantize", "b"), "invoke", "code"]
        self.assertEqual(recorder.calls, one_turn + other_turn)
        self.assertEqual({stage: len(values) for stage, values in samples.items()}, dict.fromkeys(STAGES, 2))

    def test_both_a_count_and_a_time_are_reached(self) -> None:
        recorder: Any = Recorder()
        samples = timing.time_encodes(recorder, ["a"], 2, 2_000_000)  # type: ignore[list-item]
        self.assertGreater(len(samples), 2)
        stages = timing.time_stages(recorder, ["a"], 2, 2_000_000)  # type: ignore[list-item]
        self.assertGreater(len(stages["encode_ns"]), 2)
        self.assertEqual(len({len(values) for values in stages.values()}), 1)

    def test_a_minute_keeps_one_in_so_many(self) -> None:
        recorder: Any = Recorder()
        count, kept = timing.time_minute(recorder, ["a"], 10, 1_000_000)  # type: ignore[list-item]
        self.assertEqual(count, len(recorder.calls))
        self.assertEqual(len(kept), -(-count // 10))

    def test_the_fixed_loop_does_the_same_work_each_time(self) -> None:
        self.assertEqual(timing.reference_loop(), timing.reference_loop())
        samples = timing.time_reference(3)
        self.assertEqual(len(samples), 3)
        self.assertGreater(min(samples), 100_000)

    def test_timed(self) -> None:
        result, nanoseconds = timing.timed(lambda: "x")
        self.assertEqual(result, "x")
        self.assertGreaterEqual(nanoseconds, 0)


if __name__ == "__main__":
    unittest.main()
