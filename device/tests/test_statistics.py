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

    def test_known_samples(self) -> None:
        samples = [5, 1, 3, 2, 4]
        self.assertEqual((statistics.mean(samples), statistics.percentile(samples, 50)), (3.0, 3.0))
        self.assertAlmostEqual(statistics.percentile(samples, 90), 4.6)
        self.assertAlmostEqual(statistics.stdev(samples), 2.5**0.5)
        self.assertEqual((statistics.stdev([7]), statistics.percentile([7], 99)), (0.0, 7.0))

    def test_no_samples_and_wrong_percent(self) -> None:
        for call in (statistics.mean, statistics.stdev, lambda samples: statistics.percentile(samples, 50)):
            with self.assertRaises(ValueError):
                call([])
        for percent in (-1, 101):
            with self.assertRaises(ValueError):
                statistics.percentile([1], percent)

    def test_t_quantiles_of_the_printed_tables(self) -> None:
        table = (
            (0.975, 1, 12.7062),
            (0.975, 2, 4.3027),
            (0.975, 3, 3.1824),
            (0.95, 4, 2.1318),
            (0.995, 9, 3.2498),
            (0.975, 10, 2.2281),
            (0.9995, 18, 3.9216),
            (0.975, 120, 1.9799),
        )
        for probability, degrees, expected in table:
            self.assertAlmostEqual(statistics.t_quantile(probability, degrees), expected, places=4)
        self.assertAlmostEqual(statistics.t_quantile(0.5, 7), 0.0)
        for probability, degrees in ((0.4, 3), (1.0, 3), (0.9, 0)):
            with self.assertRaises(ValueError):
                statistics.t_quantile(probability, degrees)

    def test_resampled_medians_are_those_of_the_samples_of_the_drawn_processes(self) -> None:
        generator = np.random.default_rng(5)
        # Unequal numbers of samples, and few values, so that many are equal.
        processes = [generator.integers(0, 30, count).tolist() for count in (1, 7, 8, 20, 3, 50)]
        found = statistics.resampled_medians(processes, 300, np.random.default_rng(8))
        drawn = np.random.default_rng(8).multinomial(6, np.full(6, 1 / 6), size=300)
        for median, weights in zip(found, drawn):
            pooled = [value for weight, process in zip(weights, processes) for value in process * int(weight)]
            self.assertEqual(median, np.median(pooled))

    def test_an_interval_holds_the_median_and_is_the_same_every_time(self) -> None:
        processes = _normal(np.random.default_rng(1), 10)
        low, high = _interval(processes)
        self.assertLess(low, statistics.percentile([sample for process in processes for sample in process], 50))
        self.assertGreater(high, statistics.percentile([sample for process in processes for sample in process], 50))
        self.assertEqual((low, high), _interval(processes))
        wider = statistics.median_interval(processes, 0.99)
        assert wider is not None
        self.assertTrue(wider[0] <= low and wider[1] >= high)

    def test_processes_are_resampled_and_not_samples(self) -> None:
        # A thousand samples of each process say no more than one where all of a process are equal.
        few = [[float(value)] for value in range(10)]
        self.assertEqual(_interval(few), _interval([process * 1000 for process in few]))

    def test_too_few_processes_have_no_interval(self) -> None:
        processes = _normal(np.random.default_rng(2), 8)
        self.assertEqual([statistics.fewest_processes(level) for level in (0.5, 0.95, 0.99)], [3, 6, 8])
        self.assertIsNone(statistics.median_interval(processes[:5]))
        self.assertIsNotNone(statistics.median_interval(processes[:6]))

    def test_wrong_arguments(self) -> None:
        processes = _normal(np.random.default_rng(2), 6)
        for level in (0, 1, 99):
            with self.assertRaises(ValueError):
                statistics.median_interval(processes, level)
        with self.assertRaises(ValueError):
            statistics.median_interval([*processes, []])

    def test_coverage_of_the_median_interval(self) -> None:
        # The true median is 100; at 95 % one in 20 may miss it.
        missed = 0
        for seed in range(100):
            low, high = _interval(_normal(np.random.default_rng(seed), 10))
            missed += not low <= 100 <= high
        self.assertLessEqual(missed, 10)


def _interval(processes: list[list[float]]) -> tuple[float, float]:
    found = statistics.median_interval(processes)
    assert found is not None
    return found


def _normal(generator: np.random.Generator, count: int) -> list[list[float]]:
    speeds = 1 + 0.03 * generator.normal(size=(count, 1))
    samples: list[list[float]] = (100 * (speeds + 0.02 * generator.normal(size=(count, 25)))).tolist()
    return samples


if __name__ == "__main__":
    unittest.main()
