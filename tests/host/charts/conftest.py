"""Charts as trees, and what holds for each of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree

import pytest

from host.charts.axis import Axis
from host.charts.chart import Chart, svg_text
from host.charts.style import SIZE
from host.svg.text import width

SVG = "{http://www.w3.org/2000/svg}"
_SHARES = {None: 0.0, "middle": 0.5, "end": 1.0}
Tree = Callable[[Chart | None], ElementTree.Element]


@pytest.fixture
def psnr() -> Axis:
    return Axis("PSNR", "dB", higher_is_better=True)


@pytest.fixture
def ms() -> Axis:
    return Axis("time", "ms", higher_is_better=False)


@pytest.fixture
def tree() -> Tree:
    """A chart as a tree, after looking at what all charts promise."""
    return _checked


def _checked(chart: Chart | None) -> ElementTree.Element:
    assert chart is not None
    root = ElementTree.fromstring(svg_text(chart, alone=False))
    assert not re.search(r"\b(nan|inf)\b", chart.svg), "a number that is none"
    assert 'style="' not in chart.svg
    assert not re.search(r"\.\d\d", "".join(each.get("d", "") for each in root.iter())), "finer than can be seen"
    for element in root.iter():
        assert not {"id", "href", "onload"} & set(element.attrib)
        assert all(each.startswith("sc-") or each == "sc" for each in element.get("class", "sc").split())
    for pointed in root.iter(f"{SVG}g"):
        if pointed.get("tabindex") is None:
            continue
        assert pointed.get("tabindex") == "0" and pointed.get("role") == "img"
        assert pointed.get("aria-label") == pointed.findtext(f"{SVG}title") != ""
        if (x := pointed.get("data-px")) is not None:
            assert 0 <= float(x) <= chart.width and 0 <= float(pointed.get("data-py", "nan")) <= chart.height
            assert pointed.get("transform") == f"translate({x} {pointed.get('data-py')})"
    assert chart.width <= 640
    assert all(len(row) == len(chart.titles) for row in chart.rows) and chart.rows
    _texts_are_inside(root, chart, None)
    return root


def _texts_are_inside(parent: ElementTree.Element, chart: Chart, anchor: str | None) -> None:
    for element in parent:
        own = element.get("text-anchor", anchor)
        if element.tag == f"{SVG}text":
            words = element.text or ""
            left = float(element.get("x", "nan")) - width(words, SIZE) * _SHARES[own]
            assert left >= -8 and left + width(words, SIZE) <= chart.width + 8, words
            assert SIZE - 3 <= float(element.get("y", "nan")) <= chart.height, words
        else:
            _texts_are_inside(element, chart, own)
