"""Names beside points, where they hide nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from host.charts.elements import Place, text
from host.charts.frame import Box
from host.charts.style import SIZE
from host.svg.text import width

_UP, _DOWN = 10, 4  # pixels that a line of text takes above and below its baseline
_SHARES = {"start": 0.0, "middle": 0.5, "end": 1.0}  # of a text, left of its anchor


def around(place: Place, radius: float) -> Box:
    """The box of a marker."""
    x, y = place
    return Box(x - radius, y - radius, x + radius, y + radius)


def along(points: Sequence[Place], step: float = 10) -> list[Box]:
    """Small boxes along a line, which names shall not cross."""
    found = []
    for (ax, ay), (bx, by) in zip(points, points[1:], strict=False):
        count = max(1, int(max(abs(bx - ax), abs(by - ay)) / step))
        found += [around((ax + (bx - ax) * at / count, ay + (by - ay) * at / count), 1.5) for at in range(count)]
    return found


@dataclass(frozen=True)
class Label:
    """A name that may stand beside a point.

    Attributes:
        place: of the point.
        radius: of its marker.
        reach: pixels that a line from it takes to the right.
    """

    name: str
    place: Place
    radius: float
    reach: float = 0


def labelled(wanted: Iterable[Label], room: Box, taken: Iterable[Box]) -> tuple[str, set[int]]:
    """Names where there is room: right of the point, left, above, below, or at a corner; else nowhere.

    Args:
        wanted: earlier ones choose first.
        room: the plot.
        taken: places that stay free.

    Returns:
        The elements, and the indices of the names that found a place.
    """
    boxes, made, found = list(taken), "", set()
    for index, each in enumerate(wanted):
        wide, gap = width(each.name, SIZE), each.radius + 4
        x, y = each.place
        near, above, below = gap - 3, y - gap, y + gap + _UP - 2
        for anchor, at, base in (
            *(("start", x + max(gap, each.reach + 4), y + 4.5), ("end", x - gap, y + 4.5)),
            *(("middle", x, above - 2), ("middle", x, below + 2)),
            *(("start", x + near, above), ("end", x - near, above)),
            *(("start", x + near, below), ("end", x - near, below)),
        ):
            left = at - wide * _SHARES[anchor]
            box = Box(left, base - _UP, left + wide, base + _DOWN)
            if room.holds(box) and not any(box.meets(other) for other in boxes):
                boxes.append(box)
                made += text(at, base, each.name, "sc-l", anchor if anchor != "start" else "")
                found.add(index)
                break
    return made, found
