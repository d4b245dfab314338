"""Names beside points."""

from __future__ import annotations

from xml.etree import ElementTree

from host.charts.frame import Box
from host.charts.labels import Label, along, around, labelled

ROOM = Box(0, 0, 300, 200)


def _placed(elements: str) -> dict[str, tuple[str, float, float]]:
    root = ElementTree.fromstring(f"<g>{elements}</g>")
    return {
        each.text or "": (each.get("text-anchor", "start"), float(each.get("x", "")), float(each.get("y", "")))
        for each in root.iter("text")
    }


def test_a_name_stands_right_of_its_point_and_left_at_the_right_end() -> None:
    found = _placed(labelled([Label("int8", (100, 100), 5), Label("int16", (295, 100), 5)], ROOM, [])[0])
    assert found["int8"][0] == "start" and found["int8"][1] > 105
    assert found["int16"][0] == "end" and found["int16"][1] < 290


def test_a_name_stands_behind_what_reaches_to_the_right() -> None:
    found = _placed(labelled([Label("int8", (100, 100), 5, reach=60)], ROOM, [])[0])
    assert found["int8"][1] > 160


def test_a_name_hides_no_marker_and_no_line() -> None:
    line = along([(100, 100), (300, 100)])
    found = _placed(labelled([Label("int8", (100, 100), 5)], ROOM, [*line, around((80, 100), 5)])[0])
    assert found["int8"][0] == "middle"


def test_a_name_without_room_is_left_out_and_the_answer_says_so() -> None:
    labels = [Label("a", (100, 100), 5), Label("wide" * 30, (100, 50), 5), Label("b", (200, 100), 5)]
    elements, written = labelled(labels, ROOM, [])
    assert written == {0, 2} and set(_placed(elements)) == {"a", "b"}


def test_names_of_crowded_points_do_not_overlap() -> None:
    labels = [Label(f"name {index}", (100, 100), 5) for index in range(30)]
    elements, written = labelled(labels, ROOM, [])
    places = list(_placed(elements).values())
    assert 1 <= len(written) < 30 and len(set(places)) == len(places) == len(written)
