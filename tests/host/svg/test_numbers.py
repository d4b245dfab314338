"""Numbers of pixels as texts."""

from __future__ import annotations

import pytest

from host.svg.numbers import px


@pytest.mark.parametrize(("value", "text"), [(100.0, "100"), (0.55, "0.6"), (-0.04, "0"), (-3.26, "-3.3")])
def test_a_place_has_at_most_one_decimal_and_no_zeros_to_spare(value: float, text: str) -> None:
    assert px(value) == text
