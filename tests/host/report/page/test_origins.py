"""A variant's name opens where its numbers come from."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.host.report.page.project import CLASSIFYING, COMPRESSING, EMULATED_RUN, RUN, UNRUN


def linked(page: Page, css: str) -> set[Path]:
    """The files that links lead to, as the browser resolves them."""
    urls = page.locator(css).evaluate_all("all => all.map(one => one.href)")
    return {Path(unquote(urlsplit(url).path)) for url in urls}


@pytest.mark.parametrize("way", ["click", "Enter", "Space"])
def test_a_name_opens_its_origins_and_escape_leads_back(page: Page, report: Path, way: str) -> None:
    name = page.locator("table.short").get_by_role("button", name="int8", exact=True).first
    dialog = page.get_by_role("dialog", name=f"{COMPRESSING}, int8")
    expect(dialog).to_be_hidden()
    if way == "click":
        name.click()
    else:
        name.focus()
        page.keyboard.press(way)
    expect(dialog).to_be_visible()
    said = dialog.inner_text()
    assert "PSNR 30.70 dB" in said and "means over 10000 images (test set)" in said and "1.250 ms on pi" in said
    results = report.parents[1] / "results"
    runs = {results / "pi" / RUN / "run.json", results / "arm64-root" / EMULATED_RUN / "run.json"}
    files = linked(page, "dialog a")
    assert runs <= files and report.parents[1] / "evaluations" / COMPRESSING / "set-tag.json" in files
    assert all(file.is_file() for file in files)
    dialog.get_by_text("JSON", exact=True).click()
    row = json.loads(dialog.locator("pre").inner_text())
    assert row["row"] == "int8" and row["sizes"]["network_bytes"] == 49_100
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(name).to_be_focused()


def test_the_next_name_shows_its_own_origins(page: Page) -> None:
    names = {COMPRESSING: ("jpeg", "22.90 dB"), CLASSIFYING: ("float32", "86.50 %"), UNRUN: ("float32", "25.00 dB")}
    for model, (row, quality) in names.items():
        section = page.locator("section.model").filter(has=page.get_by_role("heading", name=model, exact=True))
        section.locator("table.short").get_by_role("button", name=row, exact=True).click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_role("heading")).to_have_text(f"{model}, {row}")
        assert json.loads(dialog.locator("pre").text_content() or "")["row"] == row
        heads = dialog.locator("tbody th").all_inner_texts()
        assert heads.count("quality") == 1 and quality in dialog.locator("tbody tr").first.inner_text()
        dialog.get_by_role("button", name="Close").click()
        expect(dialog).to_be_hidden()


def test_every_link_leads_to_a_file_or_a_place_of_the_page(page: Page) -> None:
    assert all(file.is_file() for file in linked(page, "main a:not([href^='#']), footer a"))
    places = page.locator("a[href^='#']").evaluate_all("all => all.map(one => one.getAttribute('href').slice(1))")
    assert places and all(page.locator(f"[id='{place}']").count() == 1 for place in places)
