"""The page in headless Chromium: an image is dropped on it, and its numbers are read."""

from __future__ import annotations

import base64
import io
import socket
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from playwright.sync_api import Page, Route, expect

from host.cli import main
from host.demo.choices import Choice
from host.demo.fitting import fit
from host.demo.measure import measure
from host.demo.table import metric_text
from host.drawing import difference
from host.metrics import PSNR, SSIM
from tests.browser import open_browser
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
def address(offered: Offered) -> Iterator[str]:
    """The page of the models, served."""
    from host.demo.page import build_page, launch

    page = build_page({"small": offered.fixed, "photos": offered.photo, "doubler": offered.doubler})
    yield launch(page, None, browser=False)
    page.close()


@pytest.fixture
def page(address: str) -> Iterator[Page]:
    """The page, open; what it asks of any other host fails, and the test with it."""
    outside: list[str] = []

    def only_here(route: Route) -> None:
        if route.request.url.startswith((address, "data:", "blob:")):
            route.continue_()
        else:
            outside.append(route.request.url)
            route.abort()

    with open_browser() as browser:
        opened = browser.new_page(viewport={"width": 1280, "height": 900})
        opened.set_default_timeout(20_000)
        opened.route("**/*", only_here)
        opened.goto(address)
        yield opened
    assert not outside


def check_numbers(
    page: Page, choice: Choice, image: Image.Image, variant: str, quality: int | None, decoder: str
) -> None:
    pixels, _ = fit(np.asarray(image), choice)
    expected = measure(pixels, choice, variant, quality, decoder)
    assert expected.baseline is not None
    ours, theirs = expected.ours.found, expected.baseline.found
    title = variant if quality is None else f"{variant}, quality {quality}"
    expect(page.locator("#numbers th").nth(1)).to_contain_text(title)
    for key, text in {
        "bytes": f"{ours.bitstream_bytes:,}".replace(",", " "),
        "ratio": f"{ours.ratio:.2f} : 1",
        "psnr_db": metric_text(PSNR, ours),
        "ssim": metric_text(SSIM, ours),
        "baseline-bytes": f"{theirs.bitstream_bytes:,}".replace(",", " "),
        "baseline-psnr_db": metric_text(PSNR, theirs),
        "baseline-ssim": metric_text(SSIM, theirs),
    }.items():
        expect(page.locator(f"td[data-key={key}]")).to_have_text(text)
    for key in ("encode", "decode"):
        assert float(page.locator(f"td[data-key={key}]").inner_text().removesuffix(" ms")) > 0


def drop(page: Page, file: Path) -> None:
    page.get_by_label("Remove Image").or_(page.get_by_label("Clear")).first.click()
    expect(page.locator("#notes")).to_contain_text("Pick a sample or drop an image.")
    page.evaluate(_DROP, [base64.b64encode(file.read_bytes()).decode(), "image/png", file.name])


def choose(page: Page, name: str) -> None:
    page.locator("#model input").click()
    page.get_by_role("option", name=name).click()


def shown(page: Page, place: str) -> np.ndarray:
    """The pixels of a picture on the page, without alpha."""
    picture = page.locator(f"#{place} img")
    picture.scroll_into_view_if_needed()
    expect(picture).to_be_visible()
    address = picture.get_attribute("src")
    assert address is not None
    return np.asarray(Image.open(io.BytesIO(page.request.get(address).body())))


def test_a_dropped_image_is_measured_by_every_choice(page: Page, offered: Offered, tmp_path: Path) -> None:
    import skimage.data

    small, photo = offered.fixed, offered.photo
    first = Image.fromarray(small.samples(1)[0])
    check_numbers(page, small, first, "int8_qat", None, "own")  # the page starts with a sample

    picture = Image.fromarray(np.ascontiguousarray(skimage.data.coffee()[100:220, 100:260]))
    file = tmp_path / "coffee.png"
    picture.save(file)
    drop(page, file)
    check_numbers(page, small, picture, "int8_qat", None, "own")
    expect(page.locator("#notes")).to_contain_text("160 × 120 was cropped")

    page.locator(".variant:visible").get_by_text("float32", exact=True).click()
    check_numbers(page, small, picture, "float32", None, "own")
    page.locator(".variant:visible").get_by_text("int8", exact=True).click()
    page.locator(".decoder:visible").get_by_text("tuned", exact=True).click()
    check_numbers(page, small, picture, "int8", None, "tuned")

    page.locator("#samples button.thumbnail-item").nth(2).click()
    check_numbers(page, small, Image.fromarray(small.samples(3)[2]), "int8", None, "tuned")

    choose(page, "photos")
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
        choose(page, name)
        check_numbers(page, choice, Image.fromarray(choice.samples(1)[0]), variant, quality, decoder)
    expect(page.locator("#notes .error")).to_have_count(0)
    expect(page.locator(".toast-body.error")).to_have_count(0)


def test_large_pictures_are_shown_close_up_beside_what_the_task_names(page: Page, offered: Offered) -> None:
    expect(page.locator("#picture-baseline")).to_contain_text("JPEG")
    expect(page.locator("#middle-original")).to_be_hidden()  # 16 x 16 pixels
    choose(page, "doubler")
    expect(page.locator("#picture-baseline")).to_contain_text("Bicubic")
    expect(page.locator("#numbers th").nth(2)).to_have_text("Bicubic")
    expect(page.locator("#notes")).to_contain_text("The device was given 75 × 75 pixels")
    expect(page.locator("td[data-key=bytes]")).to_have_text("22 516")
    expect(page.locator("td[data-key=baseline-bytes]")).to_have_text("22 516")
    assert page.locator("td[data-key=ratio], td[data-key=bpp]").count() == 0
    result = measure(offered.doubler.samples(1)[0], offered.doubler, "int8_qat")
    assert result.baseline is not None
    ours, theirs = result.ours.found, result.baseline.found
    for kind, expected in {
        "original": ours.original,
        "reconstruction": ours.image,
        "difference": difference(ours.original, ours.image, 8),
        "baseline": theirs.image,
    }.items():
        np.testing.assert_array_equal(shown(page, f"picture-{kind}"), expected[..., 0])
        np.testing.assert_array_equal(shown(page, f"middle-{kind}"), expected[27:123, 27:123, 0])
    choose(page, "small")
    expect(page.locator("#middle-original")).to_be_hidden()


def test_what_cannot_be_shown_is_one_line_and_what_can_is_shown(page: Page, offered: Offered, tmp_path: Path) -> None:
    page.wait_for_selector("td[data-key=bytes]")
    choose(page, "doubler")
    expect(page.locator("#notes")).to_contain_text("The device was given")
    for name, pixels in {
        "clear": np.zeros((40, 50, 4), np.uint8),
        "deep": np.full((40, 50), 40000, np.uint16),
        "tiny": np.zeros((5, 90, 3), np.uint8),
    }.items():
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    (tmp_path / "broken.png").write_bytes(b"nothing")
    for name, text in {
        "tiny": "picture of 90 x 5 pixels; enlarging by 2 is judged from 6 pixels a side on",
        "broken": "broken.png: cannot be read",
    }.items():
        drop(page, tmp_path / f"{name}.png")
        expect(page.locator("#notes .error")).to_contain_text(text)
        assert page.locator("td[data-key=bytes]").count() == 0 and page.locator("#picture-original img").count() == 0
    drop(page, tmp_path / "clear.png")
    expect(page.locator("#notes")).to_contain_text("clear.png: transparent parts are laid on white.")
    assert (shown(page, "picture-original") == 235).all()  # white, in luma
    drop(page, tmp_path / "deep.png")
    expect(page.locator("#notes")).to_contain_text("The device was given 25 × 20 pixels")
    assert (shown(page, "picture-original") == 16 + round(219 * 156 / 255)).all()  # not clipped to white
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
