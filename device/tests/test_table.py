from __future__ import annotations

import unittest
from typing import Any

from ..table import model_table, notes


def row(variant: str, nanoseconds: int, stream_bytes: int, peak_bytes: int) -> dict[str, Any]:
    return {
        "variant": variant,
        "status": "ok",
        "samples": {"encode_ns": [nanoseconds] * 3},
        "memory": {"peak_rss_bytes": peak_bytes},
        "sizes": {"encoder_bytes": 23_456, "latent_bytes": 512, "bitstream_bytes": [stream_bytes, stream_bytes + 1]},
    }


class Table(unittest.TestCase):
    def test_numbers(self) -> None:
        lines = model_table("cifar10-ae-mse", 3072, [row("int8", 250_000, 360, 45_600_000)])
        cells = lines[-1].split()
        self.assertEqual(
            cells, ["int8", "0.250", "0.250", "0.250", "0.250", "4000", "45.6", "23.5", "512", "360.5", "8.52"]
        )

    def test_fits_100_columns_and_columns_stay_apart(self) -> None:
        rows = [row("a_variant_with_a_long_name", 123_456_789_012, 9_876_543, 99_999_000_000)]
        rows.append(row("int8", 999, 17, 1))
        rows.append({"variant": "int16x8", "status": "failed", "error": "it does not load " * 20})
        lines = model_table("m" * 200, 512 * 768 * 3, rows)
        self.assertLessEqual(max(map(len, lines)), 100)
        self.assertEqual(len(lines[3].split()), 11)

    def test_failed_row_says_why(self) -> None:
        text = "\n".join(model_table("m", 1, [{"variant": "int8", "status": "failed", "error": "the reason"}]))
        self.assertIn("failed: the reason", text)

    def test_few_runs_are_called_that(self) -> None:
        self.assertIn("Too few runs: 99", "\n".join(notes(99)))
        self.assertNotIn("Too few", "\n".join(notes(100)))
        self.assertLessEqual(max(map(len, notes(1))), 100)


if __name__ == "__main__":
    unittest.main()
