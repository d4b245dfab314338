from __future__ import annotations

import unittest
from typing import Any

from .. import timing


class Recorder:
    """Stands in for an encoder and keeps what it was asked."""

    def __init__(self) -> None:
        self.calls: list[Any] = []

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
        self.assertEqual({stage: len(values) for stage, values in samples.items()}, dict.fromkeys(timing.STAGES, 2))

    def test_timed(self) -> None:
        result, nanoseconds = timing.timed(lambda: "x")
        self.assertEqual(result, "x")
        self.assertGreaterEqual(nanoseconds, 0)


if __name__ == "__main__":
    unittest.main()
