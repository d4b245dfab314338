"""The page for everybody: keyboard, screen reader, phone, dark mode, paper, and without JavaScript."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.host.report.page.conftest import OpenPage
from tests.host.report.page.project import COMPRESSING, PI, TIMES, UNRUN, psnr_rows

AXE = Path(__file__).parents[3] / "vendor" / "axe-core" / "axe.min.js"
LEAST_TEXT = 9  # pixels
OPEN_ALL = "document.querySelectorAll('details').forEach(each => { each.open = true; })"
_FOCUSED = """() => {
    const one = document.activeElement;
    return [one.tagName.toLowerCase(), one.type ?? "", one.getAttribute("aria-label") || one.name || one.innerText];
}"""
_TEXTS = """all => all.filter(one => one.getClientRects().length)
    .map(one => parseFloat(getComputedStyle(one).fontSize) * one.getScreenCTM().a)"""

_CUT = """all => all.filter(one => one.scrollWidth > one.clientWidth && getComputedStyle(one).overflowX !== "visible")
    .map(one => one.ariaLabel)"""


def violations(page: Page) -> list[tuple[str, str, list[Any]]]:
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [(each["id"], each["impact"], [node["html"][:200] for node in each["nodes"][:3]]) for each in found]


# Layout depends on the width and contrast on the scheme: the other pairs are the long second look.
@pytest.mark.parametrize(
    ("scheme", "width"),
    [
        ("light", 375),
        ("dark", 800),
        ("light", 1400),
        *(pytest.param(*each, marks=pytest.mark.slow) for each in (("dark", 375), ("light", 800), ("dark", 1400))),
    ],
)
def test_at_every_width_in_light_and_dark(open_page: OpenPage, tmp_path: Path, scheme: str, width: int) -> None:
    page = open_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.locator("section.pictures").scroll_into_view_if_needed()
    expect(page.locator("section.pictures .values")).to_contain_text("Left: int8")
    folder = Path(os.environ.get("SPLITLITE_SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    for state in ("closed", "open"):
        if state == "open":
            page.evaluate(OPEN_ALL)
        page.screenshot(path=folder / f"report-{width}-{scheme}-{state}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    for drawing in ("figure svg text", ".drawing svg text"):
        heights = page.locator(drawing).evaluate_all(_TEXTS)
        assert heights and min(heights) >= LEAST_TEXT
    assert violations(page) == []
    page.locator("table.short button.name").first.click()
    assert violations(page) == []


def test_the_keyboard_alone_reaches_everything(page: Page) -> None:
    page.locator("section.pictures").scroll_into_view_if_needed()
    expect(page.locator("section.pictures .values")).to_contain_text("Left: int8")
    page.evaluate("window.scrollTo(0, 0)")
    reached: list[tuple[str, str, str]] = []
    for _ in range(500):
        page.keyboard.press("Tab")
        focused = tuple(page.evaluate(_FOCUSED))
        if focused[0] == "body":
            break
        reached.append(focused)
    assert reached[0][2] == "Skip to the models"
    fields = [name for tag, _, name in reached if tag in ("input", "select")]
    wanted = ["psnr_db", "accuracy_percent", "ms", "kb", "bytes", "wanted", "place", "difference", "magnifier", "cut"]
    assert [name for name in fields if name in wanted] == wanted
    names = [name for tag, _, name in reached if tag == "button"]
    assert set(names) >= {"Reset", "int8", "int8+tuned"}
    points = [name for tag, _, name in reached if tag == "g"]
    for row, ms in TIMES[PI].items():
        assert any(name.startswith(f"{row}: ") and f"{ms:.3f} ms on pi" in name for name in points)
    assert any(tag == "div" and name.startswith("Two pictures") for tag, _, name in reached)
    folds = [name for tag, _, name in reached if tag == "summary"]
    assert {"The values", "All rows", "Where the numbers come from"} <= set(folds)

    fold = page.locator("section.model summary", has_text="All rows").first
    fold.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("group", name="All rows, ").first).to_be_visible()


def test_the_keyboard_alone_sets_a_limit(page: Page) -> None:
    page.get_by_label("PSNR at least").focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("31.05")
    page.keyboard.press("Enter")  # must not send the form, which would load the page anew
    expect(page.get_by_label("PSNR at least")).to_have_value("31.05")
    expect(page.locator("#said")).to_contain_text("meet")
    assert page.locator("table.short tr.out").count() > 0


def test_without_javascript_tables_and_figures_are_there(open_page: OpenPage) -> None:
    page = open_page(java_script_enabled=False)
    lines = page.locator("#chosen tbody tr")
    assert lines.count() == 3
    expect(lines.first).to_contain_text("int8+tuned")
    first = page.locator("section.model").filter(has=page.get_by_role("heading", name=COMPRESSING, exact=True))
    for row in psnr_rows():
        expect(first.locator(f'table.short tr[data-row="{row["row"]}"]')).to_be_visible()
    figures = first.locator("figure[data-place].filtered")
    assert figures.count() == 3  # of every place, since none can be chosen
    for at in range(3):
        expect(figures.nth(at).locator("svg")).to_be_visible()
        assert figures.nth(at).locator(".sc-point").count() == len(TIMES[PI])
    first.locator("summary", has_text="All rows").click()
    expect(first.get_by_role("group", name="All rows, ")).to_be_visible()
    expect(page.get_by_role("heading", name=UNRUN)).to_be_visible()
    for useless in ("#constraints", "section.pictures"):
        expect(page.locator(useless)).to_be_hidden()
    expect(page.locator("noscript p")).to_be_visible()


def test_on_paper_it_is_light_and_nothing_is_cut(open_page: OpenPage) -> None:
    page = open_page(viewport={"width": 700, "height": 990}, color_scheme="dark")  # A4 without margins
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    expect(page.locator("section.pictures img.two")).to_have_attribute("alt", "int8, 357 bytes")
    for hidden in ("#constraints", "section.pictures form", ".cut"):
        expect(page.locator(hidden)).to_be_hidden()
    for table in page.locator("#chosen, table.short").all():
        box = table.bounding_box()
        assert box and box["x"] + box["width"] <= 700
    page.evaluate(OPEN_ALL)
    assert page.locator(".scroll").evaluate_all(_CUT) == []
