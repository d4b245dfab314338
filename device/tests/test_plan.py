from __future__ import annotations

import tempfile
import unittest
from pathlib import Path
from unittest import mock

from .. import pipeline as encoder
from ..bench import plan
from ..errors import BundleError
from ..run_file import Effort
from . import tiny


class PlanRows(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        tiny.write(self.folder / "tiny")

    def test_variants_can_be_chosen(self) -> None:
        chosen = plan.plan_rows([str(self.folder / "tiny")], ["int8", "float32"])
        self.assertEqual([(row.variant, row.threads) for row in chosen], [("float32", 1), ("int8", 1)])

    def test_each_number_of_threads_has_rows_of_its_own(self) -> None:
        chosen = plan.plan_rows([str(self.folder / "tiny")], ["int8", "float32"], [1, 4])
        expected = [("float32", 1), ("int8", 1), ("float32", 4), ("int8", 4)]
        self.assertEqual([(row.variant, row.threads) for row in chosen], expected)

    def test_no_bundles_says_what_to_do(self) -> None:
        nowhere = mock.patch.object(encoder, "DEFAULT_BUNDLES", self.folder / "none")
        with nowhere, self.assertRaisesRegex(BundleError, "run make export on the workstation"):
            plan.plan_rows([], [])

    def test_two_bundles_of_one_model_are_refused(self) -> None:
        tiny.write(self.folder / "copy")
        with self.assertRaisesRegex(BundleError, "two bundles of one model"):
            plan.plan_rows([str(self.folder / "tiny"), str(self.folder / "copy")], [])


class Order(unittest.TestCase):
    def test_every_row_once_in_each_repetition(self) -> None:
        order = plan.shuffled_order(5, 8, seed=3)
        for start in range(0, 40, 5):
            self.assertEqual(sorted(order[start : start + 5]), list(range(5)))

    def test_the_seed_decides_it(self) -> None:
        self.assertEqual(plan.shuffled_order(6, 4, 1), plan.shuffled_order(6, 4, 1))
        self.assertNotEqual(plan.shuffled_order(6, 4, 1), plan.shuffled_order(6, 4, 2))
        rounds = {tuple(plan.shuffled_order(6, 10, 1)[start : start + 6]) for start in range(0, 60, 6)}
        self.assertGreater(len(rounds), 5)


class Seconds(unittest.TestCase):
    effort = Effort(repetitions=1, runs=10, minimum_ns=100_000_000, warmup=5, warmup_ns=50_000_000)

    def test_short_encodes_take_the_time_and_long_ones_the_count(self) -> None:
        self.assertAlmostEqual(plan.process_seconds(self.effort, 1.0, 0.001), 1.0 + 0.05 + 0.05 + 0.1)
        self.assertAlmostEqual(plan.process_seconds(self.effort, 1.0, 1.0), 1.0 + 0.05 + 5 + 20)

    def test_quick_stays_under_a_minute(self) -> None:
        self.assertEqual(plan.quick_repetitions(10.0, 5.0), 3)
        self.assertEqual(plan.quick_repetitions(20.0, 10.0), 2)
        self.assertEqual(plan.quick_repetitions(300.0, 50.0), 1)


if __name__ == "__main__":
    unittest.main()
