"""Chromium without a window, for the tests of pages. `make browser` installs it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# As root Chromium has no sandbox, and in a container little shared memory.
_FLAGS = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking")
_PATIENCE_MS = 20_000


@contextmanager
def open_browser() -> Iterator[Browser]:
    """A browser: CHROMIUM, or from the PATH; without one the test is skipped, under CI it fails."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not program:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no Chromium; make browser, or set CHROMIUM")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=_PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_FLAGS))
        try:
            yield browser
        finally:
            browser.close()
