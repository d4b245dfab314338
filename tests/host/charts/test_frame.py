"""Axes, their good ends, and legends."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from host.charts.axis import Axis
from host.charts.chart import WIDTH
from host.charts.frame import LINE, Box, Entry, across, legend, upwards
from host.charts.scale import scale
from host.charts.style import SIZE
from host.svg.text import width

BOX = Box(50, 30, 500, 300)


def _texts(elements: str) -> dict[str, tuple[float, float]]:
    root = ElementTree.fromstring(f"<g>{elements}</g>")
    return {each.text or "": (float(each.get("x", "")), float(each.get("y", ""))) for each in root.iter("text")}


@pytest.mark.parametrize(("good", "is_left"), [(True, False), (False, True)])
def test_the_good_end_of_a_horizontal_axis_is_named(good: bool, is_left: bool) -> None:
    axis = Axis("time", "ms", higher_is_better=good)
    found = _texts(across(BOX, scale(axis, [1, 2], BOX.left, BOX.right), axis))
    assert (found["better"][0] < found["time (ms)"][0]) is is_left


@pytest.mark.parametrize(("good", "is_above"), [(True, True), (False, False)])
def test_the_good_end_of_an_upright_axis_is_named(good: bool, is_above: bool) -> None:
    axis = Axis("PSNR", "dB", higher_is_better=good)
    found = _texts(upwards(BOX, scale(axis, [1, 2], BOX.bottom, BOX.top), axis))
    assert (found["better"][1] < (BOX.top + BOX.bottom) / 2) is is_above


def test_an_axis_without_a_good_end_says_nothing_of_it() -> None:
    axis = Axis("epoch")
    found = scale(axis, [1, 2], BOX.left, BOX.right)
    assert "better" not in across(BOX, found, axis) + upwards(BOX, found, axis)


def test_a_title_does_not_run_into_the_good_end_of_a_narrow_axis() -> None:
    axis = Axis("time of one image on the device", "ms", higher_is_better=False)
    box = Box(200, 10, 400, 100)
    found = _texts(across(box, scale(axis, [1, 2], box.left, box.right), axis))
    cut = next(each for each in found if each.startswith("time"))
    assert found[cut][0] > found["better"][0] + width("better", SIZE)
    assert found[cut][0] + width(cut, SIZE) <= box.right + 1


def test_only_the_last_of_several_plots_has_texts_below() -> None:
    axis = Axis("time", "s")
    assert _texts(across(BOX, scale(axis, [1, 2], BOX.left, BOX.right), axis, last=False)) == {}


def test_a_legend_takes_as_many_lines_as_it_needs() -> None:
    assert legend([], 100) == ("", 100)
    names = [f"a rather long name {index}" for index in range(9)]
    elements, bottom = legend([Entry(name, "sc-c1", "") for name in [*names, "x" * 200]], 100)
    found = _texts(elements)
    lines = {y for _, y in found.values()}
    assert bottom == 100 + LINE * len(lines) and len(lines) > 2
    assert all(x + width(name, SIZE) <= WIDTH for name, (x, _) in found.items())
    assert set(names) < set(found)


def test_boxes_that_touch_do_not_meet() -> None:
    assert not Box(0, 0, 10, 10).meets(Box(10, 0, 20, 10)) and Box(0, 0, 10, 10).meets(Box(9, 9, 20, 20))
    assert Box(0, 0, 10, 10).holds(Box(0, 0, 10, 10)) and not Box(0, 0, 10, 10).holds(Box(0, 0, 10, 11))
