"""The reader's constraints and place: which variants are chosen, struck out and faint, and where the front runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from host.charts.scatter import Point, on_front
from host.svg.numbers import px
from tests.host.report.page.project import CLASSIFYING, COMPRESSING, EMULATED, PI, TIMES, UNRUN, WORKSTATION, psnr_rows

CODES = {row["row"]: row for row in psnr_rows()}
ALL_ROWS = f"[aria-label='All rows, {COMPRESSING}']"


def chosen(page: Page, model: str = COMPRESSING) -> list[str]:
    """The line of a model in the first table: variant, quality, ratio, time, size, place."""
    lines = page.locator("#chosen tbody tr").all()
    texts = {cells[0]: cells[1:] for cells in (line.locator("th, td").all_inner_texts() for line in lines)}
    return texts[model]


def section(page: Page, model: str = COMPRESSING) -> Any:
    return page.locator("section.model").filter(has=page.get_by_role("heading", name=model, exact=True))


def struck(page: Page, css: str = "table.short tr.out") -> set[str]:
    return {row.get_attribute("data-row") or "" for row in section(page).locator(css).all()}


def points(figure: Any) -> dict[str, dict[str, Any]]:
    """Of each point: its data, and its classes as "css"."""
    read = "all => all.map(one => ({...one.dataset, css: one.className.baseVal}))"
    found = figure.locator(".sc-point").evaluate_all(read)
    return {each["row"]: each for each in found}


def expected_front(figure: Any, values: dict[str, tuple[float, float]]) -> tuple[set[str], str]:
    """The rows on the front, and the line's path at the places where the page has the points.

    Args:
        values: x and y of the rows that take part; less is better in x, more in y.
    """
    taking_part = [Point(name, name, x, y, "") for name, (x, y) in values.items()]
    front = {taking_part[at].key for at in on_front(taking_part, False, True)}
    shown = points(figure)
    places = sorted({(float(shown[name]["px"]), float(shown[name]["py"])) for name in front})
    path = "".join(f"H{px(x)}V{px(y)}" if at else f"M{px(x)} {px(y)}" for at, (x, y) in enumerate(places))
    return front, path


def drawn_front(figure: Any) -> tuple[set[str], str]:
    """The same as the page shows them."""
    shown = points(figure)
    front = {name for name, each in shown.items() if not {"sc-dominated", "out"} & set(each["css"].split())}
    return front, figure.locator(".sc-front").get_attribute("d")


def test_the_first_screen_has_each_model_s_best_variant(page: Page) -> None:
    assert chosen(page) == ["int8+tuned", "31.15 dB", "8.58", "1.250", "49.1", "pi, ai_edge_litert 2.3.0, 1 thread"]
    assert chosen(page, CLASSIFYING)[:2] == ["float32", "86.50 %"]
    assert chosen(page, UNRUN)[:2] == ["float32", "25.00 dB"]
    expect(page.locator("#chosen")).to_be_in_viewport()
    assert struck(page) == set() and page.locator(".sc-point.out").count() == 0


@pytest.mark.parametrize("key", ["time-0", "bytes", "size"])
def test_the_script_leaves_fronts_as_they_were_drawn(page: Page, report: Path, key: str) -> None:
    drawn = (report.parent / "report-figures" / f"{COMPRESSING}.{key}.svg").read_text()
    title = re.search(r'aria-label="([^"]*)"', drawn)
    assert title
    figure = section(page).locator("figure.filtered:not([hidden])").filter(has_text=title[1])
    faint = {name for name, each in points(figure).items() if "sc-dominated" in each["css"]}
    assert faint == set(re.findall(r'class="sc-point [^"]*sc-dominated"[^>]* data-row="([^"]*)"', drawn))
    line = re.search(r'class="sc-front" d="([^"]*)"', drawn)
    assert figure.locator(".sc-front").get_attribute("d") == (line[1] if line else drawn_front(figure)[1])


@pytest.mark.parametrize(
    ("limits", "variant", "left"),
    [
        ({"PSNR at least": "31.05"}, "int8+tuned", {"float32", "float16", "int8+tuned", "webp"}),
        ({"Time at most": "1.22"}, "int8_qat", {"int8_qat", "int8_mixed"}),
        ({"Network at most": "49.5"}, "int8+tuned", {"int8", "int8+tuned"}),
        ({"Bitstream at most": "357"}, "int8_qat", {"int8_qat", "int8_mixed", "jpeg"}),
        ({"PSNR at least": "31.05", "Network at most": "100"}, "int8+tuned", {"float16", "int8+tuned"}),
        ({"PSNR at least": "31.12", "Time at most": "1.22"}, "none meets it", set()),
    ],
)
def test_limits(page: Page, limits: dict[str, str], variant: str, left: set[str]) -> None:
    for name, value in limits.items():
        page.get_by_label(name).fill(value)
    assert chosen(page)[0] == variant
    for table in ("table.short", ALL_ROWS):
        assert struck(page, f"{table} tr.out") == set(CODES) - left
    marked = section(page).locator("table.short tr.chosen").all()
    assert [row.get_attribute("data-row") for row in marked] == [variant] * (variant in CODES)
    expect(page.locator("#said")).to_contain_text("of 3 models have a variant that meets the constraints")

    figure = section(page).locator("figure.filtered[data-place]:not([hidden])")
    shown = points(figure)
    assert {name for name, each in shown.items() if "out" in each["css"].split()} == set(shown) - left
    taking_part = {name: (TIMES[PI][name], CODES[name]["metrics"]["psnr_db"]) for name in set(shown) & left}
    assert drawn_front(figure) == expected_front(figure, taking_part)
    for faint in figure.locator(".sc-point.out").all():
        assert float(faint.evaluate("one => getComputedStyle(one).opacity")) < 0.3


def test_what_is_wanted_decides_between_those_that_are_left(page: Page) -> None:
    page.get_by_label("PSNR at least").fill("31")
    for wanted, variant in (("the fastest", "int8_qat"), ("the smallest", "int8+tuned"), ("the best", "int8+tuned")):
        page.get_by_label("Of what is left, take").select_option(wanted)
        assert chosen(page)[0] == variant


def test_reset_restores_the_page(page: Page) -> None:
    figures, before = section(page).locator("figure.filtered:not([hidden])").all(), page.locator("main").inner_text()
    drawn = [(points(figure), drawn_front(figure)) for figure in figures]
    page.get_by_label("PSNR at least").fill("31.05")
    page.get_by_label("Network at most").fill("60")
    page.get_by_label("Times measured on").select_option(index=2)
    assert page.locator("main").inner_text() != before
    page.get_by_role("button", name="Reset").click()
    expect(page.locator("#said")).to_have_text("")
    assert page.locator("main").inner_text() == before
    assert [(points(figure), drawn_front(figure)) for figure in figures] == drawn


@pytest.mark.parametrize("device", [EMULATED, WORKSTATION])
def test_a_place_brings_its_own_times_and_figures(page: Page, device: str) -> None:
    options = page.get_by_label("Times measured on").locator("option").all_inner_texts()
    place = next(text for text in options if text.startswith(device))
    page.get_by_label("Times measured on").select_option(place)
    assert chosen(page)[3] == f"{TIMES[device]['int8+tuned']:.3f}" and chosen(page)[5] == place
    for name, ms in TIMES[device].items():
        cells = section(page).locator(f'{ALL_ROWS} tr[data-row="{name}"] td.time').all_text_contents()
        assert cells == [f"{ms:.3f}"]
    figures = section(page).locator(".top figure[data-place]:not([hidden])")
    assert figures.count() == 1 and place in figures.locator("figcaption").inner_text()
    expect(section(page).locator(".elsewhere")).to_be_visible()
    page.get_by_label("Time at most").fill(f"{TIMES[device]['float32'] - 0.001:.3f}")
    faster = {name for name, ms in TIMES[device].items() if ms < TIMES[device]["float32"]}
    assert struck(page, f"{ALL_ROWS} tr.out") == set(CODES) - faster
    assert chosen(page, UNRUN)[0] == "none meets it"  # no time was measured of it
