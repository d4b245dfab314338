"""The two intervals of a ratio, and what both say together."""

from __future__ import annotations

import math

import numpy as np
import pytest

from host.comparison.effects import Effect, measure_effect

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
