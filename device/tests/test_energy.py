from __future__ import annotations

import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from ..bench import energy
from .test_state import write

PMIC = """ 3V7_WL_SW_A current(0)=0.10000000A
   3V3_SYS_A current(1)=0.20000000A
  3V7_WL_SW_V volt(8)=3.70000000V
    3V3_SYS_V volt(9)=3.30000000V
     EXT5V_V volt(24)=5.10000000V
"""


def zone(root: Path, name: str, counter: int) -> None:
    folder = f"sys/class/powercap/{name}"
    write(root, {f"{folder}/energy_uj": f"{counter}\n", f"{folder}/max_energy_range_uj": "1000000\n"})


class Rapl(unittest.TestCase):
    def test_packages_are_added_and_a_counter_may_begin_anew(self) -> None:
        start = {"intel-rapl:0": (900_000, 1_000_000), "intel-rapl:1": (100_000, 1_000_000)}
        end = {"intel-rapl:0": (50_000, 1_000_000), "intel-rapl:1": (400_000, 1_000_000)}
        self.assertAlmostEqual(energy.rapl_joules(start, end), 0.15 + 0.3)

    def test_measures_while_it_encodes(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            root = Path(name)
            zone(root, "intel-rapl:0", 100_000)
            zone(root, "intel-rapl:0:0", 90_000)  # a part of package 0: not counted again
            self.assertEqual(energy.read_rapl(root), {"intel-rapl:0": (100_000, 1_000_000)})
            self.assertTrue(energy.is_available(root))
            found = energy.measure_energy(lambda: zone(root, "intel-rapl:0", 600_000), 0.02, root)
        assert found is not None
        self.assertEqual((found["source"], found["joules"]), ("rapl", 0.5))
        self.assertGreaterEqual(found["encodes"], 1)


class Pmic(unittest.TestCase):
    def test_watts_of_the_rails_with_both_readings(self) -> None:
        self.assertAlmostEqual(energy.parse_pmic(PMIC) or 0, 0.1 * 3.7 + 0.2 * 3.3)
        self.assertIsNone(energy.parse_pmic(""))
        self.assertIsNone(energy.parse_pmic("EXT5V_V volt(24)=5.10000000V"))

    def test_samples_a_program_of_that_name(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            program = Path(name) / "vcgencmd"
            program.write_text(f"#!/bin/sh\ncat <<'END'\n{PMIC}END\n", encoding="ascii")
            program.chmod(0o755)
            with mock.patch.dict(os.environ, {"PATH": f"{name}:{os.environ['PATH']}"}):
                found = energy.measure_energy(lambda: None, 0.3, Path(name))
        assert found is not None
        self.assertEqual(found["source"], "pmic")
        self.assertAlmostEqual(found["joules"] / found["seconds"], 1.03, places=6)

    def test_absent_where_nothing_can_tell(self) -> None:
        with mock.patch.dict(os.environ, {"PATH": "/nowhere"}):
            self.assertFalse(energy.is_available(Path("/nowhere")))
            self.assertIsNone(energy.measure_energy(lambda: None, 0.01, Path("/nowhere")))


if __name__ == "__main__":
    unittest.main()
