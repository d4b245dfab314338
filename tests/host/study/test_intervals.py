"""Means, intervals and fronts beside values computed by hand."""

from __future__ import annotations

import pytest

from host.study.intervals import Spread, pareto_front, spread


@pytest.mark.parametrize(
    ("values", "mean", "half_width"),
    [
        ([1.0, 2.0, 3.0], 2.0, 4.302653 / 3**0.5),  # t of 2 degrees, standard deviation 1
        ([4.0, 6.0], 5.0, 12.706205),  # t of 1 degree, standard error 1
        ([1.0, 2.0, 3.0, 4.0], 2.5, 3.182446 * (5 / 12) ** 0.5),
        ([7.0, 7.0, 7.0], 7.0, 0.0),
    ],
)
def test_the_interval_is_students(values: list[float], mean: float, half_width: float) -> None:
    found = spread(values)
    assert (found.mean, found.values) == (mean, tuple(values))
    assert found.half_width == pytest.approx(half_width, abs=1e-6)


def test_one_value_has_no_interval() -> None:
    assert spread([3.5]) == Spread(3.5, (3.5,), None)


def test_the_front_is_what_nothing_beats() -> None:
    points = [(1.0, 10.0), (2.0, 12.0), (3.0, 11.0), (2.0, 9.0), (2.0, 12.0), (9.0, 12.5)]
    assert pareto_front(points, higher_is_better=True) == {0, 1, 4, 5}
    assert pareto_front([(1.0, 10.0), (2.0, 12.0), (3.0, 9.0)], higher_is_better=False) == {0, 2}
