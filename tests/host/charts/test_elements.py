"""Elements as texts."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from host.charts.elements import escaped, marker, pointed, text
from host.charts.style import SHAPES, Look


@pytest.mark.parametrize("name", ["<b>\"&'", "a\x00b\x1f", "\ud800", "é – ü"])
def test_any_name_is_valid_in_texts_and_attributes(name: str) -> None:
    found = ElementTree.fromstring(pointed("sc-point", name, text(0, 0, name), row=name).encode())
    kept = "".join(each if each >= " " and not "\ud800" <= each <= "\udfff" else "\ufffd" for each in name)
    assert found.get("data-row") == found.get("aria-label") == found.findtext("title") == found.findtext("text") == kept


def test_numbers_have_as_many_digits_as_a_script_needs() -> None:
    found = ElementTree.fromstring(pointed("sc-point", "a", "", (10.04, 3.25), x=1 / 3))
    assert (found.get("data-x"), found.get("data-px"), found.get("data-py")) == ("0.333333", "10", "3.2")


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_drawn_around_its_place_and_about_as_large_as_the_others(shape: str) -> None:
    found = ElementTree.fromstring(marker(Look("currentColor", shape), 10, (100, 200)))
    if shape == "circle":
        assert (found.get("cx"), found.get("cy"), found.get("r")) == ("100", "200", "10")
        return
    numbers = [float(each) for each in found.get("d", "").strip("Mz").split()]
    xs, ys = numbers[::2], numbers[1::2]
    assert abs((min(xs) + max(xs)) / 2 - 100) < 1 and abs((min(ys) + max(ys)) / 2 - 200) < 6
    assert 8 <= (max(xs) - min(xs)) / 2 <= 16


def test_what_xml_needs_is_escaped_once() -> None:
    assert escaped("a & b") == "a &amp; b"
