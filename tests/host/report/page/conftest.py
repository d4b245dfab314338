"""The report of the made-up project in Chromium, opened from its file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from host.report.report import write_report
from tests.browser import open_browser
from tests.host.report.page.project import write_project

OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """report.html; read-only."""
    folders = write_project(tmp_path_factory.mktemp("project"))
    write_report(folders)
    return folders.benchmarks / "reports" / "report.html"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@contextmanager
def opened_page(browser: Browser, report: Path, **options: Any) -> Iterator[Page]:
    """The page without a network. It may ask for its own file alone, and may not warn."""
    said: list[str] = []
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
    context.set_offline(True)
    page = context.new_page()
    page.on("console", lambda each: said.append(f"{each.type}: {each.text}"))
    page.on("pageerror", lambda each: said.append(f"error: {each}"))
    page.on("request", lambda each: said.append(f"request: {each.url:.200}"))
    page.goto(report.as_uri())
    yield page
    context.close()
    assert said == [f"request: {report.as_uri()}"]


@pytest.fixture
def open_page(browser: Browser, report: Path) -> Iterator[OpenPage]:
    """Opens the page in a context of its own, whose options it takes."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(opened_page(browser, report, **options))


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    """The page in a wide window."""
    return open_page()
