"""Boxes in rows and lanes, and lines around them, of networks of every kind."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host.diagram.column import Item, place


@st.composite
def networks(draw: st.DrawFn) -> list[Item]:
    """Up to a dozen boxes, each read by a later one, of which one is the output."""
    count = draw(st.integers(2, 12))
    sources: list[set[int]] = [set()]
    for index in range(1, count):
        sources.append(set(draw(st.lists(st.integers(0, index - 1), min_size=1, max_size=3))))
    read = set().union(*sources)
    sources[-1] |= {index for index in range(count - 1) if index not in read}
    heights = draw(st.lists(st.sampled_from([28, 61, 130]), min_size=count, max_size=count))
    return [Item(264, height, tuple(sorted(each))) for height, each in zip(heights, sources, strict=True)]


@settings(max_examples=200, deadline=None)
@given(networks())
def test_boxes_do_not_overlap_and_no_line_runs_down_through_one(items: list[Item]) -> None:
    column = place(items)
    boxes = [(x, y, x + item.width, y + item.height) for item, (x, y) in zip(items, column.places, strict=True)]
    for index, (left, top, right, bottom) in enumerate(boxes):
        assert left >= 0 and right <= column.width and top >= 0 and bottom <= column.height
        for other in boxes[:index]:
            assert right < other[0] or other[2] < left or bottom < other[1] or other[3] < top
    for line in column.lines:
        for (x, y), (x2, y2) in zip(line.points, line.points[1:], strict=False):
            assert x == x2 or y == y2
            assert 0 <= x <= column.width
            for left, top, right, bottom in boxes:
                crosses = left < max(x, x2) and min(x, x2) < right and top < max(y, y2) and min(y, y2) < bottom
                assert not crosses, (line, (left, top, right, bottom))


@settings(max_examples=100, deadline=None)
@given(networks())
def test_every_box_is_reached_from_each_that_it_reads(items: list[Item]) -> None:
    column = place(items)
    ends = set()
    for line in column.lines:
        (start, *_, end) = line.points
        reads = [(x < end[0] < x + 264 and end[1] == y) for x, y in column.places]
        left = [
            x < start[0] < x + 264 and start[1] == y + item.height
            for item, (x, y) in zip(items, column.places, strict=True)
        ]
        assert reads.count(True) == left.count(True) == 1
        ends.add((left.index(True), reads.index(True)))
    assert ends == {(source, target) for target, item in enumerate(items) for source in item.sources}


def test_a_skip_connection_goes_around_and_meets_the_box_beside_the_way_through_it() -> None:
    column = place([Item(264, 40, ()), Item(264, 40, (0,)), Item(264, 40, (0, 1))])
    straight = [line for line in column.lines if len(line.points) == 2]
    (around,) = (line for line in column.lines if len(line.points) > 2)
    assert len(straight) == 2
    assert min(x for x, _ in around.points) < column.places[0][0]
    assert around.points[-1][0] < straight[0].points[0][0]


def test_one_that_reads_another_four_times_has_one_line_that_says_so() -> None:
    (line,) = place([Item(264, 40, ()), Item(264, 40, (0, 0, 0, 0))]).lines
    assert line.times == 4


@pytest.mark.parametrize("count", [1, 40])
def test_a_chain_is_one_lane(count: int) -> None:
    column = place([Item(264, 40, (index - 1,) if index else ()) for index in range(count)])
    assert column.width == 264 and len({x for x, _ in column.places}) == 1
