from __future__ import annotations

import unittest
from dataclasses import replace
from typing import Any

from ..bench.summary import summary
from ..run_file import Failure, Run, RunRow, Settings
from .test_table import FAILED, row


def run(*rows: RunRow, threads: tuple[int, ...] = (1,), **environment: Any) -> Run:
    return Run("id", "", "", (), Settings(2, 5, 0, 2, 0, threads, 0), environment, {}, rows)


class Summary(unittest.TestCase):
    def test_one_model_takes_three_lines(self) -> None:
        rows = row("float32", 500_000, 30), row("int8", 250_000, 30), row("small", 700_000, 20)
        self.assertEqual(
            summary(run(*rows)),
            [
                "fastest   int8, 0.250 ms an image (float32 0.500 ms)",
                "smallest  small, 20 bytes sent an image",
                "stable    all rows",
            ],
        )

    def test_where_all_send_as_much_the_file_counts(self) -> None:
        sizes = {"network_bytes": 12_345, "bitstream_bytes": [1000, 1000]}
        rows = row("float32", sizes={**sizes, "network_bytes": 45_678}), row("int8", sizes=sizes)
        expected = "smallest  int8, network of 12.3 kB; every variant sends 1000 bytes an image"
        self.assertEqual(summary(run(*rows))[1], expected)

    def test_models_and_threads_are_named_where_there_are_several(self) -> None:
        rows = row(), row(threads=4, encode_ns=100_000), replace(row(), model="other")
        lines = summary(run(*rows, threads=(1, 4)))
        self.assertEqual(lines[0], "fastest   tiny int8 (4 threads), 0.100 ms an image")
        self.assertEqual(lines[1], "          other int8 (1 thread), 0.250 ms an image")

    def test_many_models_are_counted(self) -> None:
        rows = [replace(made, model=f"m{n}") for n in range(4) for made in (row("float32", 500_000), row("int8"))]
        rows.append(replace(row("float32", 100_000), model="m0"))
        lines = summary(run(*rows))
        self.assertEqual(lines[0], "fastest   int8 in 3 models, float32 in 1")
        self.assertEqual(len(lines), 3)

    def test_what_to_distrust_and_what_failed(self) -> None:
        lines = summary(run(row(), row("float32"), FAILED, governor="powersave"))
        self.assertEqual(lines[2], "stable    0 of 2 rows; against the others: governor powersave, not performance")
        self.assertEqual(lines[3], "failed    tiny int16x8: the reason")
        nothing = ["stable    no row: nothing worked", "failed    tiny int16x8: the reason"]
        self.assertEqual(summary(run(FAILED)), nothing)

    def test_reasons_that_differ_in_their_numbers_are_one(self) -> None:
        noisy = [row(variant=f"v{n}") for n in range(3)]
        samples = [{**noisy[n].processes[0].samples, "encode_ns": (10**7,) * 9 + (10**7 * (3 + n),)} for n in range(3)]
        rows = [
            replace(each, processes=(replace(each.processes[0], samples=samples[n]),)) for n, each in enumerate(noisy)
        ]
        text = " ".join(" ".join(summary(run(*rows))).split())
        self.assertRegex(text, r"stable 0 of 3 rows; against the others: [a-z]+ \d.*, and 1 more reason$")

    def test_processes_that_failed_are_told(self) -> None:
        measured = replace(row(), failures=(Failure("SIGKILL", 0),))
        self.assertEqual(summary(run(measured))[-1], "failed    tiny int8: 1 of 7 processes: SIGKILL")

    def test_fits_80_columns(self) -> None:
        rows = [replace(row("a_variant_with_a_long_name"), model=f"model-with-a-long-name-{n}") for n in range(3)]
        lines = summary(run(*rows, replace(FAILED, error="why " * 60), governor="powersave"))
        self.assertLessEqual(max(map(len, lines)), 80)


if __name__ == "__main__":
    unittest.main()
