"""Dot plots."""

from __future__ import annotations

from math import nan
from typing import Any

from host.charts.axis import Axis
from host.charts.dots import dots

SVG = "{http://www.w3.org/2000/svg}"
ROWS = {"float32": {"Pi 4": 5.0, "here": 0.5}, '<b>"&': {"Pi 4": 2.0, "here": nan, "Pi 5": 1.0}, "none": {"here": nan}}


def test_each_place_has_a_colour_and_shape_and_each_value_words(tree: Any, ms: Axis) -> None:
    root = tree(dots("?", ROWS, ms, {('<b>"&', "Pi 5"): (0.9, 1.3)}))
    found = {(g.get("data-row"), g.get("data-place")): g for g in root.iter(f"{SVG}g") if g.get("data-place")}
    assert set(found) == {("float32", "Pi 4"), ("float32", "here"), ('<b>"&', "Pi 4"), ('<b>"&', "Pi 5")}
    assert found['<b>"&', "Pi 5"].get("aria-label") == '<b>"&, Pi 5: 1.00 ms (0.90 to 1.30)'
    assert found["float32", "Pi 4"].get("class") == found['<b>"&', "Pi 4"].get("class")
    assert len({each.get("class") for each in found.values()}) == 3
    assert found['<b>"&', "Pi 5"].find(f"{SVG}path[@class='sc-line']") is not None


def test_a_line_runs_from_the_smallest_to_the_largest(tree: Any, ms: Axis) -> None:
    root = tree(dots("?", {**ROWS, "one": {"here": 1.0}}, ms))
    lines = [each.get("d", "").strip("M").split() for each in root.iter(f"{SVG}path") if each.get("class") == "sc-thin"]
    xs = {
        (g.get("data-row"), g.get("data-place")): g.get("data-px") for g in root.iter(f"{SVG}g") if g.get("data-place")
    }
    assert [(line[0], line[2]) for line in lines] == [
        (xs["float32", "here"], xs["float32", "Pi 4"]),
        (xs['<b>"&', "Pi 5"], xs['<b>"&', "Pi 4"]),
    ]


def test_the_table_has_a_column_a_place(ms: Axis) -> None:
    intervals = {("float32", "here"): (0.4, 0.6), ("float32", "Pi 4"): (nan, 1.0), ("nobody", "here"): (1.0, 2.0)}
    chart = dots("?", ROWS, ms, intervals)
    assert chart is not None and chart.titles == ("name", "Pi 4 (ms)", "here (ms)", "Pi 5 (ms)")
    assert chart.rows == (("float32", "5.00", "0.50 (0.40 to 0.60)", ""), ('<b>"&', "2.00", "", "1.00"))


def test_no_value_no_chart(ms: Axis) -> None:
    assert dots("?", {"none": {"here": nan}}, ms) is None and dots("?", {}, ms) is None
