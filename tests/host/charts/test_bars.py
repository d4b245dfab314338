"""Stacked bars."""

from __future__ import annotations

from math import inf, nan
from typing import Any

import pytest

from host.charts.axis import Axis
from host.charts.bars import stacked_bars

SVG = "{http://www.w3.org/2000/svg}"
ROWS = {"float32": {"quantize": 0.02, "invoke": 0.4, "code": 1.2}, '<b>"&': {"code": 1.0, "invoke": 0.2}}


def test_parts_lie_side_by_side_as_long_as_their_values(tree: Any, ms: Axis) -> None:
    root = tree(stacked_bars("?", ROWS, ms))
    found = {(g.get("data-row"), g.get("data-part")): g for g in root.iter(f"{SVG}g") if g.get("data-part")}
    bars = {key: each.find(f"{SVG}rect") for key, each in found.items()}
    ends = {key: (float(bar.get("x")), float(bar.get("width"))) for key, bar in bars.items()}  # type: ignore[union-attr, arg-type]
    assert ends["float32", "code"][1] == pytest.approx(3 * ends["float32", "invoke"][1], abs=0.3)
    assert sum(ends["float32", "invoke"]) == pytest.approx(ends["float32", "code"][0], abs=0.2)
    assert ends['<b>"&', "invoke"][0] == ends["float32", "quantize"][0]
    assert found["float32", "code"].get("aria-label") == "float32, code: 1.20 ms (74 % of 1.62 ms)"


def test_a_part_has_one_colour_and_parts_have_different_ones(tree: Any, ms: Axis) -> None:
    root = tree(stacked_bars("?", ROWS, ms))
    found = [(g.get("data-part"), g.get("class")) for g in root.iter(f"{SVG}g") if g.get("data-part")]
    assert len(set(found)) == len({css for _, css in found}) == 3


def test_values_stand_in_bars_that_are_wide_enough(tree: Any, ms: Axis) -> None:
    root = tree(stacked_bars("?", ROWS, ms))
    shown = {each.text for g in root.iter(f"{SVG}g") if g.get("data-part") for each in g.iter(f"{SVG}text")}
    assert "1.20" in shown and "0.02" not in shown


def test_the_table_has_parts_and_sums(ms: Axis) -> None:
    chart = stacked_bars("?", ROWS, ms)
    assert chart is not None and chart.titles == ("name", "quantize (ms)", "invoke (ms)", "code (ms)", "sum (ms)")
    assert chart.rows == (("float32", "0.02", "0.40", "1.20", "1.62"), ('<b>"&', "", "0.20", "1.00", "1.20"))


def test_what_has_no_length_is_left_out(tree: Any, ms: Axis) -> None:
    chart = stacked_bars("?", {"a": {"x": nan, "y": 1.0, "z": -1.0, "w": 0.0}, "b": {"x": inf}}, ms)
    tree(chart)
    assert chart is not None and chart.rows == (("a", "1.00", "1.00"),)
    assert stacked_bars("?", {"b": {"x": inf}}, ms) is None
