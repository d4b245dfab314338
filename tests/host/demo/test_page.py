"""The page in headless Chromium: an image is dropped on it, and its numbers are read."""

from __future__ import annotations

import base64
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from playwright.sync_api import Page, Route, expect, sync_playwright

from host.cli import main
from host.demo.choices import Choice
from host.demo.compress import compress
from host.demo.fitting import fit
from host.demo.table import metric_text
from host.metrics import PSNR, SSIM
from tests.host.demo.conftest import Offered

_DROP = """([content, type, name]) => {
    const bytes = Uint8Array.from(atob(content), letter => letter.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], name, {type}));
    const target = document.querySelector('#upload button');
    for (const kind of ['dragenter', 'dragover', 'drop'])
        target.dispatchEvent(new DragEvent(kind, {bubbles: true, cancelable: true, dataTransfer: transfer}));
}"""


@pytest.fixture(scope="module")
def chromium() -> str:
    """Chromium's program: CHROMIUM, or from the PATH; without one a skip, under CI a failure."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no Chromium; make browser, or set CHROMIUM")
    return found


@pytest.fixture(scope="module")
def address(offered: Offered) -> Iterator[str]:
    """The page of both models, served."""
    from host.demo.page import build_page, launch

    page = build_page({"small": offered.fixed, "photos": offered.photo})
    yield launch(page, None, browser=False)
    page.close()


@pytest.fixture
def page(chromium: str, address: str) -> Iterator[Page]:
    """The page, open; what it asks of any other host fails, and the test with it."""
    outside: list[str] = []

    def only_here(route: Route) -> None:
        if route.request.url.startswith((address, "data:", "blob:")):
            route.continue_()
        else:
            outside.append(route.request.url)
            route.abort()

    with sync_playwright() as playwright:
        # As root Chromium has no sandbox, and in a container little shared memory.
        flags = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        opened = browser.new_page(viewport={"width": 1280, "height": 900})
        opened.set_default_timeout(20_000)
        opened.route("**/*", only_here)
        opened.goto(address)
        yield opened
        browser.close()
    assert not outside


def check_numbers(
    page: Page, choice: Choice, image: Image.Image, variant: str, quality: int | None, decoder: str
) -> None:
    pixels, _ = fit(image, choice)
    expected = compress(pixels, choice, variant, quality, decoder)
    title = variant if quality is None else f"{variant}, quality {quality}"
    expect(page.locator("#numbers th").nth(1)).to_contain_text(title, timeout=20_000)
    for key, text in {
        "bytes": f"{expected.ours.bitstream_bytes:,}".replace(",", " "),
        "ratio": f"{expected.ours.ratio:.2f} : 1",
        "psnr_db": metric_text(PSNR, expected.ours),
        "ssim": metric_text(SSIM, expected.ours),
        "jpeg-bytes": f"{expected.theirs.bitstream_bytes:,}".replace(",", " "),
        "jpeg-psnr_db": metric_text(PSNR, expected.theirs),
        "jpeg-ssim": metric_text(SSIM, expected.theirs),
    }.items():
        expect(page.locator(f"td[data-key={key}]")).to_have_text(text, timeout=20_000)
    for key in ("encode", "decode"):
        assert float(page.locator(f"td[data-key={key}]").inner_text().removesuffix(" ms")) > 0


def test_a_dropped_image_is_measured_by_every_choice(page: Page, offered: Offered, tmp_path: Path) -> None:
    import skimage.data

    small, photo = offered.fixed, offered.photo
    first = Image.fromarray(small.samples(1)[0])
    check_numbers(page, small, first, "int8_qat", None, "own")  # the page starts with a sample

    picture = Image.fromarray(np.ascontiguousarray(skimage.data.coffee()[100:220, 100:260]))
    file = tmp_path / "coffee.png"
    picture.save(file)
    page.get_by_label("Remove Image").or_(page.get_by_label("Clear")).first.click()
    expect(page.locator("#notes")).to_contain_text("Pick a sample or drop an image.")
    page.evaluate(_DROP, [base64.b64encode(file.read_bytes()).decode(), "image/png", file.name])
    check_numbers(page, small, picture, "int8_qat", None, "own")
    expect(page.locator("#notes")).to_contain_text("160 × 120 was cropped")

    page.locator(".variant:visible").get_by_text("float32", exact=True).click()
    check_numbers(page, small, picture, "float32", None, "own")
    page.locator(".variant:visible").get_by_text("int8", exact=True).click()
    page.locator(".decoder:visible").get_by_text("tuned", exact=True).click()
    check_numbers(page, small, picture, "int8", None, "tuned")

    page.locator("#samples button.thumbnail-item").nth(2).click()
    check_numbers(page, small, Image.fromarray(small.samples(3)[2]), "int8", None, "tuned")

    page.locator("#model input").click()
    page.get_by_role("option", name="photos").click()
    sample = Image.fromarray(photo.samples(1)[0])
    check_numbers(page, photo, sample, "int8", 1, "own")
    page.locator(".quality:visible input[type=range]").focus()
    page.keyboard.press("ArrowLeft")
    check_numbers(page, photo, sample, "int8", 0, "own")

    # Back and forth, each with the choices that were made of it: no value of one is ever an error of the other.
    for name, choice, variant, quality, decoder in (
        ("small", small, "int8", None, "tuned"),
        ("photos", photo, "int8", 0, "own"),
    ):
        page.locator("#model input").click()
        page.get_by_role("option", name=name).click()
        check_numbers(page, choice, Image.fromarray(choice.samples(1)[0]), variant, quality, decoder)
    expect(page.locator("#notes .error")).to_have_count(0)
    expect(page.locator(".toast-body.error")).to_have_count(0)


@pytest.mark.parametrize("width", [1280, 420])
def test_nothing_is_wider_than_the_window(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.wait_for_selector("td[data-key=bytes]")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_taken_port_is_one_line(offered: Offered, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("host.demo.choices.list_choices", lambda names: {"tiny": offered.fixed})
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = CliRunner().invoke(main, ["demo", "--port", str(port), "--no-browser"])
    assert (done.exit_code, done.output) == (1, f"Error: port {port} is taken; choose another with --port\n")
