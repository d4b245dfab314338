"""Values as texts, and when an axis is logarithmic."""

from __future__ import annotations

from math import inf, nan

import pytest

from host.charts.axis import Axis


def test_values_have_the_axis_digits_and_unit() -> None:
    assert Axis("PSNR", "dB").text(28.346) == "28.35 dB"
    assert Axis("epoch", digits=0).text(1234.6) == "1,235"
    assert Axis("PSNR", "dB").heading == "PSNR (dB)" and Axis("loss").heading == "loss"


def test_a_small_value_is_not_written_as_zero() -> None:
    assert Axis("loss", digits=2).number(0.00031) == "0.00031"
    assert Axis("loss", digits=2).number(0.0) == "0.00"


@pytest.mark.parametrize(
    ("log", "values", "expected"),
    [
        (None, [1, 10], False),
        (None, [1, 10.1], True),
        (None, [0, 10.1], False),
        (None, [-1, 100], False),
        (None, [1, 100, nan], False),
        (None, [1, inf], False),
        (None, [], False),
        (True, [5, 6], True),
        (True, [0, 6], False),
        (False, [1, 1000], False),
    ],
)
def test_an_axis_is_logarithmic_above_a_spread_of_ten_and_never_at_zero(
    log: bool | None, values: list[float], expected: bool
) -> None:
    assert Axis("x", log=log).is_log(values) is expected
