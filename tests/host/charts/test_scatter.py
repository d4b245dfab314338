"""The Pareto chart."""

from __future__ import annotations

import re
from math import inf, nan
from typing import Any
from xml.etree import ElementTree

import pytest

from host.charts.axis import Axis
from host.charts.scatter import Point, on_front, pareto

SVG = "{http://www.w3.org/2000/svg}"


def point(key: str, x: float, y: float, **more: Any) -> Point:
    return Point(key, more.pop("series", key), x, y, f"{key}: {x} ms", **more)


def groups(root: ElementTree.Element) -> dict[str, ElementTree.Element]:
    return {each.get("data-row", ""): each for each in root.iter(f"{SVG}g") if each.get("data-row") is not None}


def front(root: ElementTree.Element) -> list[str]:
    return [each.get("d", "") for each in root.iter(f"{SVG}path") if each.get("class") == "sc-front"]


POINTS = [point("a", 1, 30), point("b", 2, 29), point("c", 3, 35), point("d", 0.5, 20), point("e", 3, 34)]


@pytest.mark.parametrize(
    ("x_up", "y_up", "expected"), [(False, True, "acd"), (True, True, "c"), (False, False, "d"), (True, False, "bde")]
)
def test_the_front_is_what_no_other_beats(x_up: bool, y_up: bool, expected: str) -> None:
    assert {POINTS[at].key for at in on_front(POINTS, x_up, y_up)} == set(expected)


def test_equal_points_do_not_beat_each_other_and_what_is_no_candidate_beats_nobody() -> None:
    points = [point("a", 1, 1), point("b", 1, 1), point("c", 0, 2, candidate=False), point("d", nan, 3)]
    assert on_front(points, False, True) == {0, 1}


def test_dominated_points_are_faint_and_only_these(tree: Any, ms: Axis, psnr: Axis) -> None:
    points = [*POINTS, point("jpeg", 4, 10, candidate=False)]
    found = groups(tree(pareto("?", points, ms, psnr)))
    faint = {key for key, each in found.items() if "sc-dominated" in each.get("class", "")}
    assert faint == {"b", "e"} and set(found) == {*"abcde", "jpeg"}
    assert {key for key, each in found.items() if each.get("data-candidate") == "0"} == {"jpeg"}


def test_the_front_s_line_goes_in_steps_from_the_good_end_of_x(tree: Any, ms: Axis, psnr: Axis) -> None:
    root = tree(pareto("?", POINTS, ms, psnr))
    places = {key: (each.get("data-px"), each.get("data-py")) for key, each in groups(root).items()}
    a, c, d = places["a"], places["c"], places["d"]
    assert front(root) == [f"M{d[0]} {d[1]}H{a[0]}V{a[1]}H{c[0]}V{c[1]}"]
    plot = next(each for each in root.iter(f"{SVG}g") if each.get("class") == "sc-plot")
    assert (plot.get("data-x-better"), plot.get("data-y-better")) == ("low", "high")


def test_without_good_ends_nothing_is_dominated(tree: Any) -> None:
    root = tree(pareto("?", POINTS, Axis("x"), Axis("y", higher_is_better=True)))
    assert front(root) == [] and "sc-dominated" not in ElementTree.tostring(root, "unicode")
    plot = next(each for each in root.iter(f"{SVG}g") if each.get("class") == "sc-plot")
    assert plot.get("data-x-better") is None and plot.get("data-y-better") == "high"


def test_of_markers_on_one_place_the_lower_one_is_larger(tree: Any, ms: Axis, psnr: Axis) -> None:
    points = [point("float32", 1, 30), point("x", 1, 30, series="float32"), point("y", 9, 31, series="float32")]
    found = groups(tree(pareto("?", points, ms, psnr)))
    radii = {key: float(each.find(f"{SVG}circle").get("r")) for key, each in found.items()}  # type: ignore[union-attr, arg-type]
    assert list(found) == ["float32", "x", "y"]
    assert radii["float32"] > radii["x"] == radii["y"]


def test_what_is_not_finite_is_left_out(tree: Any, ms: Axis, psnr: Axis) -> None:
    points = [point("a", 1, 30, to_x=inf), point("b", nan, 29), point("c", 3, -inf), point("d", 2, 31, to_x=3.0)]
    chart = pareto("?", points, ms, psnr)
    found = groups(tree(chart))
    assert set(found) == {"a", "d"}
    assert {key for key, each in found.items() if each.find(f"{SVG}path[@class='sc-thin']") is not None} == {"d"}
    assert pareto("?", points[1:3], ms, psnr) is None and pareto("?", [], ms, psnr) is None


def test_names_are_escaped_and_the_values_are_a_table(tree: Any, ms: Axis, psnr: Axis) -> None:
    name = '<b>"&'
    chart = pareto(name, [point(name, 1.234, 30.125)], ms, psnr)
    assert chart is not None and set(groups(tree(chart))) == {name}
    assert chart.titles == ("name", "time (ms)", "PSNR (dB)") and chart.rows == ((name, "1.23", "30.12"),)


def test_every_series_has_its_name_beside_its_points_or_in_the_legend(tree: Any, ms: Axis, psnr: Axis) -> None:
    crowd = [point(f"int8 {at}", 1 + at / 1000, 30 - at / 1000, series="int8") for at in range(20)]
    tuned = [point(f"tuned {at}", 1 + at / 1000, 30.001, series="int8", hollow=True) for at in range(20)]
    root = tree(pareto("?", [*crowd, *tuned, point("jpeg", 5, 25)], ms, psnr))
    texts = {each.text for each in root.iter(f"{SVG}text")}
    assert {"int8", "int8 (hollow)", "jpeg"} <= texts


def test_points_far_apart_are_on_a_logarithmic_axis(tree: Any, ms: Axis, psnr: Axis) -> None:
    found = groups(tree(pareto("?", [point("a", 1, 3), point("b", 10, 2), point("c", 100, 1)], ms, psnr)))
    xs = [float(found[key].get("data-px", "")) for key in "abc"]
    assert xs[1] - xs[0] == pytest.approx(xs[2] - xs[1], abs=0.2)


def test_a_chart_of_ten_points_is_small_and_the_same_every_time(ms: Axis, psnr: Axis) -> None:
    points = [point(f"variant {at}", 1.2345 + at, 30.4321 + at % 3, to_x=2.5 + at) for at in range(10)]
    chart = pareto("?", points, ms, psnr)
    assert chart == pareto("?", points, ms, psnr)
    assert chart is not None and len(chart.svg) < 7000


def test_points_beyond_a_range_stand_at_the_edge_and_keep_their_values() -> None:
    points = [Point("a", "a", 1, 30.0, "a"), Point("b", "b", 2, 31.0, "b"), Point("far", "far", 3, 10.0, "far")]
    time, quality = Axis("time", "ms"), Axis("PSNR", "dB", higher_is_better=True)
    whole, cut = pareto("t", points, time, quality), pareto("t", points, time, quality, (29.5, 31.5))
    assert whole and cut and whole.rows == cut.rows
    places = [
        {name: float(y) for name, y in re.findall(r'data-row="(\w+)".*?data-py="([\d.]+)"', each.svg)}
        for each in (whole, cut)
    ]
    assert places[0]["a"] - places[0]["b"] < 20 < 100 < places[1]["a"] - places[1]["b"]
    assert places[1]["a"] < places[1]["far"] < 30 + 290
    assert 'data-y="10"' in cut.svg
