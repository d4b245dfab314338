from __future__ import annotations

import os
import tempfile
import unittest
from pathlib import Path

from .. import state

STAT = """cpu  1000 50 300 90000 400 30 20 700 5 0
cpu0 500 25 150 45000 200 15 10 350 2 0
intr 1 2 3
"""


def write(root: Path, content: dict[str, str]) -> None:
    for path, text in content.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")


class Parsers(unittest.TestCase):
    def test_processor_seconds(self) -> None:
        ticks = os.sysconf("SC_CLK_TCK")
        found = state.parse_cpu_seconds(STAT)
        # Idle and iowait are not work; guest time is in user already.
        self.assertEqual(found, {"busy_s": 1400 / ticks, "steal_s": 700 / ticks})

    def test_throttled(self) -> None:
        self.assertEqual(state.parse_throttled("throttled=0x50000\n"), "0x50000")
        self.assertEqual(state.parse_throttled("50005"), "0x50005")
        self.assertEqual(state.parse_throttled("throttled=0x0"), "0x0")
        for text in ("", "error=1 error_msg=x", "throttled=", "VCHI initialization failed"):
            self.assertIsNone(state.parse_throttled(text))

    def test_temperature(self) -> None:
        self.assertEqual(state.parse_millidegrees("48686\n"), 48.686)
        self.assertEqual(state.parse_millidegrees("-500"), -0.5)
        self.assertIsNone(state.parse_millidegrees(""))


class ReadState(unittest.TestCase):
    def test_a_board_as_its_files_describe_it(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            root = Path(name)
            cpu = f"{state.CPU}/cpu{state._first_cpu()}"
            write(
                root,
                {
                    "proc/stat": STAT,
                    "sys/class/thermal/thermal_zone0/temp": "51000\n",
                    "sys/class/thermal/thermal_zone1/temp": "62500\n",
                    f"{cpu}/cpufreq/scaling_cur_freq": "1500000\n",
                    f"{cpu}/cpufreq/scaling_governor": "ondemand\n",
                    "sys/devices/platform/soc/soc:firmware/get_throttled": "80008\n",
                    f"{state.CPU}/cpu0/thermal_throttle/core_throttle_count": "3\n",
                    f"{state.CPU}/cpu1/thermal_throttle/core_throttle_count": "4\n",
                },
            )
            found = state.read_state(root)
        expected = {
            "temperature_c": 62.5,
            "frequency_hz": 1_500_000_000,
            "governor": "ondemand",
            "throttled": "0x80008",
            "throttle_count": 7,
        }
        self.assertEqual({key: found.get(key) for key in expected}, expected)
        self.assertGreater(found["own_cpu_s"], 0)

    def test_what_is_missing_is_absent(self) -> None:
        found = state.read_state(Path("/nowhere"))
        self.assertEqual(set(found) - {"throttled"}, {"clock_s", "load_average", "own_cpu_s"})


class OtherLoad(unittest.TestCase):
    def test_own_work_is_not_others(self) -> None:
        before = {"busy_s": 100.0, "own_cpu_s": 5.0, "clock_s": 50.0}
        after = {"busy_s": 112.0, "own_cpu_s": 13.0, "clock_s": 60.0}
        self.assertAlmostEqual(state.other_load(before, after) or 0, 0.4)

    def test_never_negative_and_none_where_unknown(self) -> None:
        before = {"busy_s": 100.0, "own_cpu_s": 5.0, "clock_s": 50.0}
        self.assertEqual(state.other_load(before, {**before, "own_cpu_s": 6.0, "clock_s": 51.0}), 0.0)
        self.assertIsNone(state.other_load(before, {"clock_s": 51.0}))


if __name__ == "__main__":
    unittest.main()
