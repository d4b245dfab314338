from __future__ import annotations

import tempfile
import unittest
from dataclasses import replace
from pathlib import Path
from typing import Any

from .. import bundle
from ..bench.table import model_tables, run_tables
from ..run_file import Energy, Minute, Run, RunImage, RunRow, Settings, Sustained
from . import tiny
from .test_run_file import ok_row, process

MEGABYTE = 1_000_000
FAILED = RunRow("tiny", "int16x8", "int16x8", 1, "00112233", "failed", error="the reason")


def row(variant: str = "int8", encode_ns: int = 250_000, stream_bytes: int = 24, **changes: Any) -> RunRow:
    memory = {"rss_before_load_bytes": 38 * MEGABYTE, "rss_after_load_bytes": 42 * MEGABYTE}
    measured = process(
        load_ns=12_000_000,
        first_encode_ns=500_000,
        samples={"encode_ns": (encode_ns,) * 50, "quantize_ns": (1000,), "invoke_ns": (3000,), "code_ns": (4000,)},
        reference_ns=(),
        memory={**memory, "peak_rss_bytes": 45 * MEGABYTE},
        before={},
    )
    sizes = {"network_bytes": 23_456, "latent_bytes": [16, 16], "bitstream_bytes": [stream_bytes, stream_bytes + 1]}
    made = ok_row(variant=variant, family=variant, processes=(measured,) * 6, sizes=sizes, delegate="xnnpack")
    return replace(made, **changes)


class TableCase(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.bundle: bundle.Bundle = tiny.write(Path(temporary.name) / "tiny")

    def lines(self, *rows: RunRow, **environment: Any) -> list[str]:
        return model_tables(self.bundle, rows, environment, [tiny.IMAGE_SHAPE] * 2)


class Tables(TableCase):
    def test_numbers(self) -> None:
        times, starts, sizes, *_ = (line.split() for line in self.lines(row()) if line.startswith("int8"))
        between = "0.250..0.250"
        self.assertEqual(times, ["int8", "0.250", between, "0.250", "0.000", *["0.250"] * 4])
        self.assertEqual(starts, ["int8", "4000", "12.000", "0.500", "38.0", "42.0", "4.0", "45.0"])
        self.assertEqual(sizes, ["int8", "23.5", "-", "-", "16", "24.5", "7.84", "-"])

    def test_fits_80_columns_and_columns_stay_apart(self) -> None:
        encoders = {name: tiny.encoder_file("float32") for name in ("a_variant_with_a_long_name", "int8")}
        self.bundle = tiny.write(self.bundle.folder, encoders=encoders)
        rows = [row("a_variant_with_a_long_name", 99_999_000_000, 9_876_543)]
        rows.append(row("int8", 999, 17))
        rows.append(replace(FAILED, error="it does not load " * 20))
        lines = self.lines(*rows, governor="powersave")
        self.assertLessEqual(max(map(len, lines)), 80)
        self.assertEqual(len(lines[2].split()), 9)

    def test_figures_have_a_column_where_some_row_has_them(self) -> None:
        sizes = {"network_bytes": 23_456, "scores_bytes": [4, 4], "bitstream_bytes": [20, 20]}
        rows = [row("int8", sizes=sizes, figures={"top1_percent": 60.0}), row("float32", sizes=sizes)]
        lines = [line.split() for line in self.lines(*rows)]
        (head,) = (number for number, line in enumerate(lines) if "stream" in line)
        self.assertEqual(lines[head], ["network", "params", "MACs", "stream", "energy", "top1"])
        self.assertEqual(lines[head + 1], ["kB", "k", "M", "bytes", "mJ/image", "%"])
        self.assertEqual(lines[head + 2], ["int8", "23.5", "-", "-", "20.0", "-", "60.00"])
        self.assertEqual(lines[head + 3][-1], "-")
        self.assertNotIn("top1", " ".join(self.lines(row())))

    def test_columns_without_room_stand_below(self) -> None:
        figures = {"some_long_name_percent": 12.5, "other_ms": 1.0}
        lines = self.lines(row(figures=figures))
        self.assertLessEqual(max(map(len, lines)), 80)
        self.assertIn(["int8", "1.00", "12.50"], [line.split() for line in lines])

    def test_profile_shows_the_stages_and_what_runs_the_operators(self) -> None:
        lines = self.lines(row())
        stages = next(line for line in lines if "0.003" in line)
        self.assertEqual(stages.split(), ["int8", "0.001", "12", "0.003", "38", "0.004", "50", "-"])
        self.assertIn("xnnpack: 2 CONV_2D", " ".join(lines))

    def test_a_failed_row_says_why(self) -> None:
        text = "\n".join(self.lines(FAILED))
        self.assertIn("failed: the reason", text)

    def test_verdicts_share_a_line_where_they_agree(self) -> None:
        self.assertIn("stable: all rows", self.lines(row(), row("float32")))
        self.assertIn(
            "unstable: all rows: governor powersave, not performance",
            self.lines(row(), row("float32"), governor="powersave"),
        )

    def test_energy_and_sustained_where_they_were_measured(self) -> None:
        minutes = (Minute(6000, (9_000_000, 10_000_000), {"temperature_c": 61.5}),) * 2
        first, *others = row().processes
        processes = replace(first, energy=Energy("rapl", 0.5, 100, 2.0)), *others
        measured = row(processes=processes, sustained=Sustained(minutes, 6))
        lines = [line.split() for line in self.lines(measured)]
        self.assertEqual([line[-1] for line in lines if line[:2] == ["int8", "23.5"]], ["5.00"])
        self.assertIn(["int8", "2", "9.500", "9.900", "100.0", "61.5", "-"], lines)


class RunTables(TableCase):
    def setUp(self) -> None:
        super().setUp()
        settings = Settings(2, 5, 0, 2, 0, (1, 4), 0)
        environment = {"runtime": "tflite_runtime", "runtime_version": "2.14.0"}
        self.made = Run("id", "", "", (), settings, environment, {}, (row(), row(threads=4)))

    def test_each_number_of_threads_has_tables_of_its_own(self) -> None:
        lines = run_tables(self.made, {"tiny": self.bundle})
        self.assertIn("tiny, 1 thread, 5 images of 8 x 8 pixels", lines)
        self.assertIn("tiny, 4 threads, 5 images of 8 x 8 pixels", lines)
        self.assertIn("An interval needs at least 6 processes.", lines)
        self.assertLessEqual(max(map(len, lines)), 80)

    def test_images_of_several_sizes(self) -> None:
        self.bundle = tiny.write_blocks(self.bundle.folder)
        path = self.bundle.folder / "bundle.json"
        path.write_text(path.read_text(encoding="utf-8").replace('"ops"', '"macs": 4000000, "ops"'), encoding="utf-8")
        images = tuple(RunImage(f"{side}.npy", "", (side, 2 * side, 3)) for side in (8, 8, 16))
        made = replace(self.made, images=images, rows=(row("int8_q0"),))
        lines = run_tables(made, {"tiny": bundle.read_bundle(self.bundle.folder)})
        self.assertIn("tiny, 1 thread, 3 images of 16 x 8, 32 x 16 pixels", lines)
        sizes = next(line.split() for line in lines if line.startswith("int8_q0") and " 23.5 " in line)
        # 8, 8 and 32 blocks of 1 million multiply-accumulates; 128, 128 and 512 pixels of 3 bytes.
        self.assertEqual(sizes[3], "16.00")
        self.assertEqual(sizes[6], f"{768 / 24.5:.1f}")
        speed = next(line.split() for line in lines if line.startswith("int8_q0") and " 38 " in line)
        self.assertEqual(speed[-1], "5333")


if __name__ == "__main__":
    unittest.main()
