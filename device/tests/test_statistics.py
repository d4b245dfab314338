from __future__ import annotations

import unittest

import numpy as np

from .. import statistics


class Statistics(unittest.TestCase):
    def test_against_numpy(self) -> None:
        generator = np.random.default_rng(21)
        for count in (1, 2, 3, 10, 101, 200):
            samples = generator.integers(0, 10**9, count).tolist()
            self.assertAlmostEqual(statistics.mean(samples), float(np.mean(samples)), places=4)
            for percent in (0, 1, 50, 90, 99, 100):
                expected = float(np.percentile(samples, percent))
                self.assertAlmostEqual(statistics.percentile(samples, percent), expected, places=4)
            if count > 1:
                self.assertAlmostEqual(statistics.stdev(samples), float(np.std(samples, ddof=1)), places=3)

    def test_summary_of_known_samples(self) -> None:
        summary = statistics.summarize([5, 1, 3, 2, 4])
        self.assertEqual((summary.count, summary.mean, summary.minimum, summary.maximum), (5, 3.0, 1, 5))
        self.assertEqual((summary.p50, summary.p90), (3.0, 4.6))
        self.assertAlmostEqual(summary.stdev, 2.5**0.5)

    def test_one_sample(self) -> None:
        summary = statistics.summarize([7])
        self.assertEqual((summary.stdev, summary.p50, summary.p99), (0.0, 7, 7))

    def test_no_samples_and_wrong_percent(self) -> None:
        for call in (statistics.mean, statistics.stdev, statistics.summarize):
            with self.assertRaises(ValueError):
                call([])
        for percent in (-1, 101):
            with self.assertRaises(ValueError):
                statistics.percentile([1], percent)


if __name__ == "__main__":
    unittest.main()
