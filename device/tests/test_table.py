from __future__ import annotations

import copy
import tempfile
import unittest
from pathlib import Path
from typing import Any

from .. import bundle
from ..bench.table import model_tables, run_tables
from . import tiny

MEGABYTE = 1_000_000


def row(variant: str = "int8", encode_ns: int = 250_000, stream_bytes: int = 24, **changes: Any) -> dict[str, Any]:
    process = {
        "load_ns": 12_000_000,
        "first_encode_ns": 500_000,
        "samples": {"encode_ns": [encode_ns] * 50, "quantize_ns": [1000], "invoke_ns": [3000], "code_ns": [4000]},
        "reference_ns": [],
        "memory": {
            "rss_before_load_bytes": 38 * MEGABYTE,
            "rss_after_load_bytes": 42 * MEGABYTE,
            "peak_rss_bytes": 45 * MEGABYTE,
        },
        "before": {},
        "after": {},
    }
    found = {
        "model": "tiny",
        "variant": variant,
        "threads": 1,
        "status": "ok",
        "delegate": "xnnpack",
        "processes": [copy.deepcopy(process) for _ in range(6)],
        "sizes": {"encoder_bytes": 23_456, "latent_bytes": 16, "bitstream_bytes": [stream_bytes, stream_bytes + 1]},
    }
    return {**found, **changes}


class TableCase(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.bundle: bundle.Bundle = tiny.write(Path(temporary.name) / "tiny")

    def lines(self, *rows: dict[str, Any], profile: bool = False, **environment: Any) -> list[str]:
        return model_tables(self.bundle, rows, environment, profile)


class Tables(TableCase):
    def test_numbers(self) -> None:
        times, starts, sizes = (line.split() for line in self.lines(row()) if line.startswith("int8"))
        between = "0.250..0.250"
        self.assertEqual(times, ["int8", "0.250", between, "0.250", "0.000", *["0.250"] * 4])
        self.assertEqual(starts, ["int8", "4000", "12.000", "0.500", "38.0", "42.0", "4.0", "45.0"])
        self.assertEqual(sizes, ["int8", "23.5", "-", "-", "16", "24.5", "7.84", "-"])

    def test_fits_80_columns_and_columns_stay_apart(self) -> None:
        encoders = {name: tiny.encoder_file("float32") for name in ("a_variant_with_a_long_name", "int8")}
        self.bundle = tiny.write(self.bundle.folder, encoders=encoders)
        rows = [row("a_variant_with_a_long_name", 99_999_000_000, 9_876_543)]
        rows.append(row("int8", 999, 17))
        rows.append({"variant": "int16x8", "status": "failed", "error": "it does not load " * 20})
        lines = self.lines(*rows, profile=True, governor="powersave")
        self.assertLessEqual(max(map(len, lines)), 80)
        self.assertEqual(len(lines[2].split()), 9)

    def test_profile_shows_the_stages_and_what_runs_the_operators(self) -> None:
        lines = self.lines(row(), profile=True)
        stages = next(line for line in lines if "0.003" in line)
        self.assertEqual(stages.split(), ["int8", "0.001", "12", "0.003", "38", "0.004", "50", "-"])
        self.assertIn("xnnpack: 2 CONV_2D", " ".join(lines))
        self.assertNotIn("CONV_2D", " ".join(self.lines(row())))

    def test_a_failed_row_says_why(self) -> None:
        text = "\n".join(self.lines({"variant": "int8", "status": "failed", "error": "the reason"}))
        self.assertIn("failed: the reason", text)

    def test_verdicts_share_a_line_where_they_agree(self) -> None:
        self.assertIn("stable: all rows", self.lines(row(), row("float32")))
        self.assertIn(
            "unstable: all rows: governor powersave, not performance",
            self.lines(row(), row("float32"), governor="powersave"),
        )

    def test_energy_and_sustained_where_they_were_measured(self) -> None:
        measured = row()
        measured["processes"][0]["energy"] = {"source": "rapl", "joules": 0.5, "encodes": 100, "seconds": 2.0}
        minutes = [{"encodes": 6000, "encode_ns": [9_000_000, 10_000_000], "temperature_c": 61.5}] * 2
        measured["sustained"] = {"minutes": minutes, "kept_one_in": 6}
        lines = [line.split() for line in self.lines(measured)]
        self.assertEqual([line[-1] for line in lines if line[:2] == ["int8", "23.5"]], ["5.00"])
        self.assertIn(["int8", "2", "9.500", "9.900", "100.0", "61.5", "-"], lines)


class RunTables(TableCase):
    def test_each_number_of_threads_has_tables_of_its_own(self) -> None:
        run = {
            "settings": {"threads": [1, 4], "repetitions": 2},
            "environment": {"runtime": "tflite_runtime", "runtime_version": "2.14.0"},
            "results": [row(), row(threads=4)],
        }
        lines = run_tables(run, {"tiny": self.bundle})
        self.assertIn("tiny, 1 thread", lines)
        self.assertIn("tiny, 4 threads", lines)
        self.assertIn("An interval needs 6 processes at least.", lines)
        self.assertLessEqual(max(map(len, lines)), 80)


if __name__ == "__main__":
    unittest.main()
