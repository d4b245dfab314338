"""Looks of names, and the rules that a page includes."""

from __future__ import annotations

import re

import pytest

from host.charts.style import ALONE, SHAPES, STYLE, look, looks

KNOWN = ["float32", "float16", "dynamic_range", "int8", "int16x8", "int8_qat", "jpeg", "webp", "pca"]


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_known_names_differ_in_colour_and_in_shape() -> None:
    found = [look(name) for name in KNOWN]
    assert len({each.colour for each in found}) == len({each.shape for each in found}) == len(KNOWN)


def test_an_unknown_name_looks_like_itself_and_never_like_a_known_one() -> None:
    names = [f"w{bits}a{more}" for bits in range(1, 9) for more in range(1, 9)]
    assert [look(name) for name in names] == [look(name) for name in names]
    assert not {look(name).colour for name in names} & {look(name).colour for name in KNOWN}
    assert len({look(name) for name in names}) > 20


def test_looks_in_one_chart_differ_whatever_their_order() -> None:
    names = [f"process {index}" for index in range(10)]
    found = looks(["int8", *names])
    assert len({each.colour for each in found.values()}) == len(found)
    assert found["int8"] == look("int8")
    assert looks([*reversed(names), "int8"]) == found
    assert list(found) == ["int8", *names]


def test_markers_keep_their_colour_where_the_shape_tells_them_apart() -> None:
    names = [f"recipe {index}" for index in range(12)]
    found = looks(names, by_colour=False)
    assert len(set(found.values())) == len(names)
    assert all(found[name].colour == look(name).colour for name in names)


def test_more_names_than_colours_still_have_looks() -> None:
    assert len(looks(map(str, range(200)))) == 200


@pytest.mark.parametrize("ground", ["#ffffff", "#14181c"])
def test_the_colours_of_unknown_names_are_seen_on_white_and_on_black(ground: str) -> None:
    for colour in {look(f"name {index}").colour for index in range(100)}:
        dark, light = sorted((_luminance(colour), _luminance(ground)))
        assert (light + 0.05) / (dark + 0.05) >= 2.7, colour


def test_every_rule_of_a_page_is_a_chart_s_own() -> None:
    rules = re.sub(r"@media[^{]*\{", "", STYLE)
    selectors = [part for rule in re.findall(r"([^{}]+)\{", rules) for part in rule.split(",")]
    assert len(selectors) > 30 and all(re.match(r"\.sc[ -]|\.sc$", each) for each in selectors), selectors
    assert all(look(name).css in rules for name in KNOWN) and "prefers-color-scheme:dark" in STYLE


def test_what_stands_alone_needs_neither_variables_nor_the_net() -> None:
    assert "var(" not in ALONE and "@ink" not in ALONE + STYLE and "@paper" not in ALONE + STYLE
    assert "prefers-color-scheme:dark" in ALONE
    assert not re.search(r"https?:|url\(|@import", ALONE + STYLE)
    assert all(shape in SHAPES for shape in (look(name).shape for name in KNOWN))
