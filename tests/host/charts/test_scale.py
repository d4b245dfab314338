"""Places of values, and ticks."""

from __future__ import annotations

import pytest

from host.charts.axis import Axis
from host.charts.scale import scale, tick_text

AXIS = Axis("x")


@pytest.mark.parametrize(
    "values",
    [[3, 7], [0.2, 5000], [5, 5], [0, 0], [-3, 4], [0.3, 0.1 + 0.2], [1e-9, 2e-9], [28.31, 28.3101], [1e7, 3e7]],
)
@pytest.mark.parametrize("tight", [False, True])
def test_all_values_and_ticks_lie_between_the_ends(values: list[float], tight: bool) -> None:
    made = scale(AXIS, values, 400, 20, tight=tight)
    places = [made.at(value) for value in [*values, *(value for value, _ in made.ticks)]]
    assert all(20 - 1e-6 <= place <= 400 + 1e-6 for place in places)
    texts = [words for _, words in made.ticks]
    assert len(texts) >= 2 and len(set(texts)) == len(texts), texts


def test_rounding_errors_are_no_range() -> None:
    made = scale(AXIS, [0.3, 0.1 + 0.2], 0, 500)
    assert abs(made.at(0.3) - made.at(0.1 + 0.2)) < 1


def test_a_larger_value_is_higher_where_the_end_is_above_the_start() -> None:
    made = scale(AXIS, [1, 2], 300, 10)
    assert made.at(2) < made.at(1)
    assert made.moved(10, 300).at(2) > made.moved(10, 300).at(1)


def test_equal_ratios_are_equal_distances_on_a_logarithmic_axis() -> None:
    made = scale(AXIS, [1, 100], 0, 500)
    assert made.is_log
    assert made.at(10) - made.at(1) == pytest.approx(made.at(100) - made.at(10))
    assert [words for _, words in made.ticks] == ["1", "2", "5", "10", "20", "50", "100"]


def test_lengths_begin_at_zero_even_where_values_are_far_apart() -> None:
    made = scale(AXIS, [1, 1000], 50, 500, zero=True)
    assert made.low == 0 and not made.is_log and made.at(0) == 50


def test_what_is_not_negative_gets_no_negative_ground() -> None:
    assert scale(AXIS, [0.6, 5.5], 0, 500).low > 0
    assert scale(AXIS, [0, 5], 0, 500).low == 0
    assert scale(AXIS, [-0.1, 5], 0, 500).low < -0.1


def test_time_fills_the_whole_width() -> None:
    made = scale(AXIS, [2, 10], 0, 500, tight=True)
    assert made.at(2) == 0 and made.at(10) == 500


def test_ticks_of_large_and_tiny_numbers_stay_short() -> None:
    assert tick_text(25000, 0) == "25k"
    assert tick_text(1.5e6, 0) == "1.5M"
    assert tick_text(2000, 0) == "2000"
    assert tick_text(0.00002, 5) == "2e-05"
    assert tick_text(0.5, 2) == "0.50"


def test_an_axis_without_digits_has_whole_ticks() -> None:
    found = scale(Axis("run", "", 0, log=False), [1.0, 3.0], 0, 500)
    assert [value for value, _ in found.ticks] == [1.0, 2.0, 3.0]
