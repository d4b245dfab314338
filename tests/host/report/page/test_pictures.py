"""Two pictures on each other: the line between them, their difference, the magnifier."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from host.report.html import GAIN
from tests.host.report.page.conftest import OpenPage
from tests.host.report.page.project import HEIGHT, WIDTH, pictures


@pytest.fixture
def viewer(page: Page) -> Locator:
    """The pictures of the one model that has some."""
    section = page.locator("section.pictures")
    section.scroll_into_view_if_needed()
    expect(section.locator(".values")).to_contain_text("Left: int8")
    return section


def pixels(canvas: Locator) -> np.ndarray:
    """uint8 (height, width, 3)."""
    address = canvas.evaluate("one => one.toDataURL()")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))))[..., :3]


def choose(viewer: Locator, left: str, right: str) -> None:
    for side, name in (("Left", left), ("Right", right)):
        field = viewer.get_by_role("combobox", name=side)
        field.select_option(next(text for text in field.locator("option").all_inner_texts() if text.startswith(name)))


def test_it_starts_with_int8_beside_jpeg_at_its_bytes(viewer: Locator) -> None:
    expect(viewer.locator(".values")).to_contain_text("Right: JPEG, quality 5")
    assert viewer.locator(".stage img").evaluate_all("all => all.map(one => [one.naturalWidth, one.alt])") == [
        [WIDTH, "JPEG, quality 5, as the library makes it, at the bytes of int8"],
        [WIDTH, "int8, 357 bytes"],
    ]
    assert "A remark." in viewer.inner_text()
    assert viewer.get_by_label("Picture").locator("option").count() == 2


def test_the_slider_moves_the_line(viewer: Locator, page: Page) -> None:
    slider, left = viewer.get_by_label("Where the left picture ends"), viewer.locator("img.two")

    def cut() -> float:
        found = re.fullmatch(r"inset\(0(?:px)? ([\d.]+)%.*\)", left.evaluate("one => one.style.clipPath"))
        assert found
        return float(found[1])

    assert cut() == 50
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert cut() == 49
    page.keyboard.press("End")
    assert cut() == 0
    page.keyboard.press("Home")
    assert cut() == 100


def test_the_difference_of_equal_pictures_is_black(viewer: Locator) -> None:
    choose(viewer, "the original", "float32")
    viewer.get_by_label("difference").check()
    shown = viewer.locator("canvas.apart")
    expect(shown).to_be_visible()
    found = pixels(shown)
    assert found.shape == (HEIGHT, WIDTH, 3) and not found.any()


def test_the_difference_is_that_of_the_pixels_enlarged(viewer: Locator) -> None:
    choose(viewer, "the original", "int8,")
    viewer.get_by_label("difference").check()
    shown = viewer.locator("canvas.apart")
    expect(shown).to_be_visible()
    made = {name: image.astype(int) for name, image in pictures().items()}
    expected = np.minimum(255, GAIN * abs(made["original"] - made["int8"]))
    np.testing.assert_array_equal(pixels(shown), expected)
    viewer.get_by_label("difference").uncheck()
    expect(shown).to_be_hidden()


@pytest.mark.parametrize("width", [1280, 375])
def test_arrow_keys_move_the_magnifier(open_page: OpenPage, width: int) -> None:
    page = open_page(viewport={"width": width, "height": 900})
    viewer = page.locator("section.pictures")
    viewer.scroll_into_view_if_needed()
    expect(viewer.locator(".values")).to_contain_text("Left: int8")
    choose(viewer, "the original", "int8,")
    stage, lens = viewer.locator(".stage"), viewer.locator("canvas.lens")
    stage.focus()
    page.keyboard.press("ArrowRight")
    expect(lens).to_be_hidden()  # not asked for
    viewer.get_by_role("checkbox", name="magnifier").check()
    stage.focus()
    box = stage.bounding_box()
    assert box
    x, y = box["width"] / 2, box["height"] / 2
    for key, by in {"ArrowRight": (8, 0), "ArrowDown": (0, 8), "ArrowLeft": (-8, 0), "ArrowUp": (0, -8)}.items():
        for _ in range(3):
            page.keyboard.press(key)
            x, y = x + by[0], y + by[1]
        column, row = int(x * WIDTH / box["width"]), int(y * WIDTH / box["width"])
        found = pixels(lens)
        for side, name in enumerate(("original", "int8")):
            middle = found[found.shape[0] // 2, found.shape[1] * (1 + 2 * side) // 4]
            np.testing.assert_array_equal(middle, pictures()[name][row, column], err_msg=f"{name} after {key}")
    page.keyboard.press("Tab")
    expect(lens).to_be_hidden()
