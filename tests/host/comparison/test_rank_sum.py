"""The rank-sum interval: the printed tables, and what it promises."""

from __future__ import annotations

import numpy as np
import pytest

from host.comparison.rank_sum import shift_interval


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
