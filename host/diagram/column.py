"""Places boxes that read each other in rows and lanes, and leads lines around them.

Rows are by the longest way from the first box. The longest way of all is the first lane, every further branch is in
the first lane that is free beside it. A line runs down a lane that is free, else down a track to the left of one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

Point = tuple[float, float]
GAP = 32  # between rows
_LANES = 34  # between lanes, at least
_TRACK = 14  # between tracks, and from a track to a box
_EXIT, _ENTRY = 10, 15  # from a row to where its lines turn, below and above it
_ASIDE = 34  # between the places where lines reach a box


@dataclass(frozen=True)
class Item:
    """A box: its size in pixels, and the indices of the items that it reads, which stand before it."""

    width: float
    height: float
    sources: tuple[int, ...]


@dataclass(frozen=True)
class Line:
    """From one item to another, which reads it `times` times; target -1: it goes on elsewhere."""

    points: tuple[Point, ...]
    times: int = 1


@dataclass(frozen=True)
class Column:
    """Attributes:
    places: the left upper corner of each item.
    """

    width: float
    height: float
    places: tuple[Point, ...]
    lines: tuple[Line, ...]


def rows_of(items: Sequence[Item]) -> list[int]:
    """Each item's row."""
    rows: list[int] = []
    for item in items:
        rows.append(1 + max((rows[source] for source in item.sources), default=-1))
    return rows


def row_heights(items: Sequence[Item], rows: Sequence[int]) -> list[float]:
    """The height of each row."""
    return [
        max(item.height for item, row in zip(items, rows, strict=True) if row == each) for each in range(max(rows) + 1)
    ]


def place(items: Sequence[Item]) -> Column:
    """A column of items; the last item is the output."""
    rows, lanes = rows_of(items), _lanes(items)
    heights = row_heights(items, rows)
    tops = [sum(heights[:row]) + GAP * row for row in range(len(heights))]
    bottoms = [top + height for top, height in zip(tops, heights, strict=True)]
    edges = [(source, target, times) for target, item in enumerate(items) for source, times in _counted(item)]
    taken = [
        {row for row, in_lane in zip(rows, lanes, strict=True) if in_lane == lane} for lane in range(max(lanes) + 1)
    ]
    ways, tracks = _ways(edges, rows, lanes, taken)
    centres, width = _centres(items, lanes, tracks)

    def middle(item: int) -> float:
        return centres[lanes[item]]

    def across(edge: tuple[int, int, int]) -> float:
        """Where an edge runs down."""
        lane, track = ways[edge]
        return centres[lane] if track is None else _track_x(items, lanes, centres, lane, track)

    lines = []
    for edge in edges:
        source, target, times = edge
        into = [each for each in edges if each[1] == target]
        out = [across(each) - middle(source) for each in edges if each[0] == source]
        leave = middle(source) + (_side(across(edge) - middle(source)) * _ASIDE if len(set(map(_side, out))) > 1 else 0)
        enter = middle(target) + _entry(
            edge, into, [across(each) - middle(target) for each in into], items[target].width
        )
        lane, track = ways[edge]
        down = across(edge)
        if track is None and lane == lanes[target]:
            down = enter
        elif track is None and lane == lanes[source]:
            down = leave
        above, below = tops[rows[target]] - _ENTRY, bottoms[rows[source]] + _EXIT
        start = (leave, tops[rows[source]] + items[source].height)
        if rows[target] == rows[source] + 1:
            below = above
        points = [start, (leave, below), (down, below), (down, above), (enter, above), (enter, tops[rows[target]])]
        lines.append(Line(tuple(_straightened(points)), times))
    places = tuple((middle(i) - item.width / 2, tops[rows[i]]) for i, item in enumerate(items))
    return Column(width, bottoms[-1], places, tuple(lines))


def _counted(item: Item) -> list[tuple[int, int]]:
    return list(Counter(item.sources).items())


def _lanes(items: Sequence[Item]) -> list[int]:
    rows = rows_of(items)
    lanes = [-1] * len(items)
    at = len(items) - 1
    while True:  # the longest way, from its end
        lanes[at] = 0
        if not items[at].sources:
            break
        at = max(items[at].sources, key=lambda source: (rows[source], source))
    taken: list[set[int]] = [set(rows)]
    readers = {index: [i for i, item in enumerate(items) if index in item.sources] for index in range(len(items))}
    for index in range(len(items)):
        if lanes[index] < 0:
            branch = [index]
            while following := [each for each in readers[branch[-1]] if lanes[each] < 0]:
                branch.append(following[0])
            ends = [rows[each] for each in readers[branch[-1]]]
            span = set(range(rows[index], max([rows[branch[-1]] + 1, *ends])))
            lane = next((i for i, rest in enumerate(taken) if not rest & span), len(taken))
            taken += [set()] if lane == len(taken) else []
            taken[lane] |= span
            for each in branch:
                lanes[each] = lane
    return lanes


Edge = tuple[int, int, int]


def _ways(
    edges: Sequence[Edge], rows: Sequence[int], lanes: Sequence[int], taken: Sequence[set[int]]
) -> tuple[dict[Edge, tuple[int, int | None]], list[int]]:
    """Where each edge runs down: a lane and None, or a track to the left of a lane; and the tracks of each lane."""
    ways: dict[Edge, tuple[int, int | None]] = {}
    used: list[list[set[int]]] = [[] for _ in taken]
    for edge in sorted(edges, key=lambda each: rows[each[1]] - rows[each[0]]):
        source, target, _ = edge
        between = set(range(rows[source] + 1, rows[target]))
        free = [lane for lane in (lanes[source], lanes[target]) if not taken[lane] & between]
        if free:
            taken[free[0]].update(between)
            ways[edge] = free[0], None
            continue
        lane = max(lanes[source], lanes[target])
        span = between | {rows[source], rows[target]}
        track = next((i for i, rest in enumerate(used[lane]) if not rest & span), len(used[lane]))
        used[lane] += [set()] if track == len(used[lane]) else []
        used[lane][track] |= span
        ways[edge] = lane, track
    return ways, [len(each) for each in used]


def _centres(items: Sequence[Item], lanes: Sequence[int], tracks: Sequence[int]) -> tuple[list[float], float]:
    """The middle of each lane, and where the last one ends."""
    centres, x = [], 0.0
    for lane, count in enumerate(tracks):
        widest = max(item.width for item, in_lane in zip(items, lanes, strict=True) if in_lane == lane)
        x += _TRACK * count + (_LANES if lane else 0)
        centres.append(x + widest / 2)
        x += widest
    return centres, x


def _track_x(items: Sequence[Item], lanes: Sequence[int], centres: Sequence[float], lane: int, track: int) -> float:
    widest = max(item.width for item, in_lane in zip(items, lanes, strict=True) if in_lane == lane)
    return centres[lane] - widest / 2 - _TRACK * (track + 1)


def _side(offset: float) -> int:
    return (offset > 1) - (offset < -1)


def _entry(edge: Edge, into: Sequence[Edge], offsets: Sequence[float], width: float) -> float:
    """How far from its middle an edge reaches a box: the nearest track the nearest place, to its side."""
    if len(into) == 1:
        return 0.0
    own = offsets[into.index(edge)]
    inner = sum(1 for each in offsets if _side(each) == _side(own) and abs(each) < abs(own))
    most = max(sum(1 for each in offsets if _side(each) == side) for side in (-1, 1))
    step = min(_ASIDE, (width / 2 - _TRACK) / most) if most else 0
    return _side(own) * step * (inner + 1)


def _straightened(points: Sequence[Point]) -> list[Point]:
    """Without points that are the same as the one before, or between two in one direction."""
    kept: list[Point] = []
    for point in points:
        if kept and point == kept[-1]:
            continue
        if len(kept) > 1 and any(kept[-2][axis] == kept[-1][axis] == point[axis] for axis in (0, 1)):
            kept.pop()
        kept.append(point)
    return kept
