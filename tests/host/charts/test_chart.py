"""A chart as an element of a page and as a file."""

from __future__ import annotations

from xml.etree import ElementTree

from host.charts.chart import Chart, svg_text

SVG = "{http://www.w3.org/2000/svg}"
CHART = Chart('Is "a" < b?', '<g class="sc-plot"/>', 560, 300.5, ("name",), (("a",),))


def test_a_page_s_chart_has_its_title_and_no_style() -> None:
    found = ElementTree.fromstring(svg_text(CHART, alone=False))
    assert found.get("aria-label") == 'Is "a" < b?' and found.get("role") == "group"
    assert found.get("viewBox") == "0 0 560 300.5" and (found.get("width"), found.get("height")) == ("560", "300.5")
    assert [each.tag for each in found] == [f"{SVG}g"]


def test_a_file_s_chart_has_style_and_paper_below_everything() -> None:
    found = ElementTree.fromstring(svg_text(CHART, alone=True))
    assert [each.tag for each in found] == [f"{SVG}style", f"{SVG}rect", f"{SVG}g"]
    assert found[1].get("class") == "sc-paper" and found[1].get("height") == "300.5"
