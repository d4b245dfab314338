from __future__ import annotations

import json
import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from .. import environment, state
from ..runtime import Runtime

CPU = f"{state.CPU}/cpu{state._first_cpu()}"
CPUINFO_X86 = """processor\t: 0
vendor_id\t: GenuineIntel
model\t\t: 143
model name\t: Intel(R) Xeon(R) Processor
"""
CPUINFO_PI = """processor\t: 3
BogoMIPS\t: 108.00
CPU part\t: 0xd08

Revision\t: c03115
Model\t\t: Raspberry Pi 4 Model B Rev 1.5
"""


class Parsers(unittest.TestCase):
    def test_cpu_model(self) -> None:
        self.assertEqual(environment.parse_cpu_model(CPUINFO_X86), "Intel(R) Xeon(R) Processor")
        self.assertEqual(environment.parse_cpu_model(CPUINFO_PI), "Raspberry Pi 4 Model B Rev 1.5")
        self.assertIsNone(environment.parse_cpu_model("processor: 0\n"))

    def test_emulation(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            root = Path(name)
            task = root / f"proc/self/task/{os.getpid()}"
            task.mkdir(parents=True)
            for program, expected in (("qemu-aarch64-static", "qemu-user"), ("python3.11", None)):
                (task / "exe").unlink(missing_ok=True)
                (task / "exe").symlink_to(f"/usr/bin/{program}")
                self.assertEqual(environment.detect_emulation(root), expected)
            (root / "proc/sys/kernel").mkdir(parents=True)
            for machine, expected in (("aarch64", "qemu-user"), ("x86_64", None)):
                (root / "proc/sys/kernel/arch").write_text("x86_64\n", encoding="ascii")
                with mock.patch("platform.machine", return_value=machine):
                    self.assertEqual(environment.detect_emulation(root), expected)

    def test_the_clock_has_a_step(self) -> None:
        self.assertGreater(environment.timer_step_ns(), 0)


class Environment(unittest.TestCase):
    def test_a_board_as_its_files_describe_it(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            root = Path(name)
            content = {
                "proc/device-tree/model": "Raspberry Pi 5 Model B Rev 1.0\0",
                "proc/cpuinfo": CPUINFO_PI,
                f"{CPU}/cpufreq/scaling_governor": "ondemand\n",
                f"{CPU}/cpufreq/scaling_cur_freq": "1500000\n",
                "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq": "2400000\n",
                "sys/class/thermal/thermal_zone0/temp": "51000\n",
            }
            for path, text in content.items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(text, encoding="utf-8")
            found = environment.read_environment(Runtime("tflite_runtime", "2.14.0", None), root)
        expected = {
            "board": "Raspberry Pi 5 Model B Rev 1.0",
            "cpu_model": "Raspberry Pi 4 Model B Rev 1.5",
            "governor": "ondemand",
            "frequency_hz": 1_500_000_000,
            "max_frequency_hz": 2_400_000_000,
            "temperature_c": 51.0,
            "runtime": "tflite_runtime",
            "runtime_version": "2.14.0",
        }
        self.assertEqual({key: found.get(key) for key in expected}, expected)

    def test_what_is_missing_is_absent(self) -> None:
        found = environment.read_environment(root=Path("/nowhere"))
        for key in ("board", "cpu_model", "governor", "frequency_hz", "temperature_c", "runtime", "emulated"):
            self.assertNotIn(key, found)
        self.assertIn("python", found)
        self.assertNotIn(None, found.values())
        json.dumps(found, allow_nan=False)

    def test_package_digest_follows_names_and_contents(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            digests = set()
            for path, text in (("a.py", "1"), ("a.py", "2"), ("b.py", "2")):
                (folder / path).write_text(text, encoding="ascii")
                digests.add(environment.package_sha256(folder))
            (folder / "outputs" / "codes").mkdir(parents=True)
            for path in ("outputs/b.py", "outputs/codes/b.py"):
                (folder / path).write_text("2", encoding="ascii")
                digests.add(environment.package_sha256(folder))
            before = environment.package_sha256(folder)
            for path in ("notes.txt", "tests/test_a.py", "tests/data/a.py", "results/a.py"):
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_text("x", encoding="ascii")
            self.assertEqual(environment.package_sha256(folder), before)
        self.assertEqual(len(digests), 5)


if __name__ == "__main__":
    unittest.main()
