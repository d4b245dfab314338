"""The two intervals of a ratio, and what both say together."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from host.comparison.effects import Effect, measure_effect, median_ratio_interval, shift_interval

INTERVALS = [(1.02, 1.2), (0.9, 0.98), (0.95, 1.1)]


@pytest.mark.parametrize("first", INTERVALS)
@pytest.mark.parametrize("second", INTERVALS)
def test_a_side_is_what_both_intervals_say(first: tuple[float, float], second: tuple[float, float]) -> None:
    sides = [1 if low > 1 else -1 if high < 1 else 0 for low, high in (first, second)]
    assert Effect(1.0, first, second).side == (sides[0] if sides[0] == sides[1] else 0)


def test_the_smallest_effect_is_the_wider_half() -> None:
    assert Effect(1.1, (1.0, 1.21), (1.05, 1.06)).smallest == pytest.approx(0.1)
    assert Effect(1.1, (1.05, 1.06), (1.0, 1.21)).smallest == pytest.approx(0.1)


def test_an_effect_is_found_and_more_rows_widen_the_rank_interval_only() -> None:
    generator = np.random.default_rng(1)
    a, b = ([(100 * factor * (1 + 0.01 * generator.normal(size=1)) * np.ones(5)).tolist() for _ in range(10)]
            for factor in (1, 1.1))  # fmt: skip
    one, many = measure_effect(a, b, 0.99, 1), measure_effect(a, b, 0.99, 100)
    assert one is not None and many is not None
    assert one.ratio == pytest.approx(1.1, abs=0.02) and one.side == many.side == 1
    assert many.interval == one.interval
    assert many.rank_interval[0] < one.rank_interval[0] < 1.1 < one.rank_interval[1] < many.rank_interval[1]
    back = measure_effect(b, a, 0.99, 1)
    assert back is not None
    assert back.ratio == pytest.approx(1 / one.ratio) and back.side == -1
    assert math.prod(back.rank_interval) == pytest.approx(1 / math.prod(one.rank_interval))


def test_what_cannot_reach_the_confidence_has_no_effect() -> None:
    seven = [[float(value)] for value in range(1, 8)]
    ten = [[float(value)] for value in range(1, 11)]
    assert measure_effect(seven, seven, 0.99, 1) is None
    assert measure_effect(ten, ten, 0.99, 900) is not None
    assert measure_effect(ten, ten, 0.99, 1000) is None


Processes = list[list[float]]


def _draw(count: int, draw: Callable[[], np.ndarray]) -> Processes:
    return [draw().tolist() for _ in range(count)]


def normal(generator: np.random.Generator, count: int) -> Processes:
    return _draw(count, lambda: 100 * (1 + 0.03 * generator.normal() + 0.02 * generator.normal(size=25)))


def two_speeds(generator: np.random.Generator, count: int) -> Processes:
    return _draw(count, lambda: (100, 185)[generator.random() < 0.3] * (1 + 0.02 * generator.normal(size=25)))


def heavy_tails(generator: np.random.Generator, count: int) -> Processes:
    return _draw(count, lambda: 100 + generator.normal() + 5 * generator.pareto(1.5, size=25))


def test_too_few_processes_have_no_interval() -> None:
    processes = normal(np.random.default_rng(2), 8)
    assert median_ratio_interval(processes, processes[:7]) is None
    assert median_ratio_interval(processes[:7], processes) is None
    assert median_ratio_interval(processes, processes) is not None


def test_a_ratio_that_is_there_is_found() -> None:
    generator = np.random.default_rng(3)
    slower = [[1.1 * sample for sample in process] for process in normal(generator, 10)]
    found = median_ratio_interval(normal(generator, 10), slower)
    assert found is not None
    assert 1 < found[0] < 1.1 < found[1] < 1.25, found


@pytest.mark.parametrize("draw", [normal, two_speeds, heavy_tails])
def test_equal_sides_are_seldom_called_different(draw: Callable[[np.random.Generator, int], Processes]) -> None:
    # At 99 % one in 100 is expected; measured over 1500, 0.4 to 1 %.
    called = 0
    for seed in range(100):
        generator = np.random.default_rng(seed)
        found = median_ratio_interval(draw(generator, 10), draw(generator, 10), resamples=1000)
        assert found is not None
        called += not found[0] <= 1 <= found[1]
    assert called <= 3


@pytest.mark.parametrize(
    ("first", "second", "confidence", "critical"),
    [(10, 10, 0.95, 23), (10, 10, 0.99, 16), (5, 8, 0.95, 6), (7, 7, 0.99, 4), (20, 20, 0.95, 127)],
)
def test_against_printed_critical_values_of_mann_and_whitney(
    first: int, second: int, confidence: float, critical: int
) -> None:
    # All differences are distinct, so that an end of the interval tells its rank: the table's U, plus one.
    a, b = [100.0 * value for value in range(first)], [value / 100 for value in range(second)]
    differences = sorted(right - left for left in a for right in b)
    assert shift_interval(a, b, confidence) == (differences[critical], differences[-critical - 1])


def test_too_few_values_for_the_confidence_have_no_interval() -> None:
    three = [1.0, 2.0, 3.0]
    assert shift_interval(three, three, 0.89) is not None
    assert shift_interval(three, three, 0.91) is None
    ten = [float(value) for value in range(10)]
    # One of 184756 arrangements lies on either side.
    assert shift_interval(ten, ten, 1 - 2 / 184756 * 1.001) == (-9.0, 9.0)
    assert shift_interval(ten, ten, 1 - 2 / 184756 * 0.999) is None


def test_the_approximation_for_many_goes_on_where_the_exact_one_ends() -> None:
    generator = np.random.default_rng(4)
    a, b = generator.normal(size=101).tolist(), (0.5 + generator.normal(size=101)).tolist()
    approximate, exact = shift_interval(a, b, 0.999), shift_interval(a[:100], b[:100], 0.999)
    assert approximate is not None and exact is not None
    assert approximate == pytest.approx(exact, abs=0.03)
    assert approximate[0] < 0.5 < approximate[1]


def test_equal_groups_are_called_different_as_seldom_as_promised() -> None:
    generator = np.random.default_rng(7)
    called = 0
    for _ in range(2000):
        found = shift_interval(generator.pareto(1, 10).tolist(), generator.pareto(1, 10).tolist(), 0.95)
        assert found is not None
        called += not found[0] <= 0 <= found[1]
    # Exact, but discrete: 4.3 % for ten against ten.
    assert 60 < called < 115
