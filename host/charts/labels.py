"""Names beside points, where they hide nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from host.charts.elements import Place, text
from host.charts.frame import Box
from host.charts.style import SIZE
from host.svg.text import width

_UP, _DOWN = 10, 4  # pixels that a line of text takes above and below its baseline


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


def labelled(
    wanted: Iterable[tuple[str, Place, float]], room: Box, taken: Iterable[Box]
) -> tuple[str, set[int]]:
    """Names where there is room: right of the point, left, above, below; else nowhere.

    Args:
        wanted: names, places and radii of points; earlier ones choose first.
        room: the plot.
        taken: places that stay free.

    Returns:
        The elements, and the indices of the names that found a place.
    """
    boxes, made, found = list(taken), "", set()
    for index, (name, (x, y), radius) in enumerate(wanted):
        wide, gap = width(name, SIZE), radius + 4
        for left, base in (
            (x + gap, y + 4.5),
            (x - gap - wide, y + 4.5),
            (x - wide / 2, y - gap - 2),
            (x - wide / 2, y + gap + _UP),
            (x + gap - 2, y - gap + 2),
            (x + gap - 2, y + gap + 6),
        ):
            box = Box(left, base - _UP, left + wide, base + _DOWN)
            if room.holds(box) and not any(box.meets(other) for other in boxes):
                boxes.append(box)
                made += text(left, base, name, "sc-l")
                found.add(index)
                break
    return made, found
