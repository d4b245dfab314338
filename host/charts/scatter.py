"""Points of two numbers each, and which of them no other beats: the Pareto front.

A page's script finds, on the group `.sc-plot`: data-x-better and data-y-better ("low" or "high"; absent where neither
end is good); on each `.sc-point`: data-row, data-x and data-y (values), data-px and data-py (places in the viewBox),
data-candidate ("0" where it takes no part in the front), and the class `sc-dominated`; and the path `.sc-front`. The
path runs through the front from the good end of x to the other: "M" the first place, then "H" to the next x, "V" to
the next y.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from host.charts.axis import Axis, drawable
from host.charts.chart import WIDTH, Chart
from host.charts.elements import Place, group, hit, marker, number, pointed
from host.charts.frame import BELOW, RIGHT, Box, Entry, across, better_box, left_of, legend, upwards
from host.charts.labels import Label, along, around, labelled
from host.charts.scale import scale
from host.charts.style import Look, looks
from host.svg.numbers import px

_TOP, _HEIGHT = 30, 290
_ABOVE = 8  # pixels by which a name may stand out of the plot: there is nothing below the title of the axis
_RADIUS = 5.0
_WIDER = 3.0  # pixels by which a marker is larger than the one above it
_EDGE = 14.0  # pixels from the edge of the plot to a point that lies beyond it
_ARROW_DOWN, _ARROW_UP = "M-4 7L0 12L4 7", "M-4 -7L0 -12L4 -7"
_NEAR = 4.0  # pixels between places that hide each other
_MOST = 3  # markers on one place that grow


@dataclass(frozen=True)
class Point:
    """A point.

    Attributes:
        key: its row's name, unique in a chart.
        series: what it belongs to: its colour, its shape and its entry in the legend.
        text: all that a reader wants to know, in one line.
        to_x: where a thin line from the point ends, such as at the 90th percentile.
        hollow: shares its series' colour with another, such as one with a tuned decoder.
        candidate: takes part in the front.
    """

    key: str
    series: str
    x: float
    y: float
    text: str
    to_x: float | None = None
    hollow: bool = False
    candidate: bool = True


def on_front(points: Sequence[Point], x_higher_is_better: bool, y_higher_is_better: bool) -> set[int]:
    """The indices of the candidates that no other candidate beats: in one number better, in the other not worse.

    Equal points do not beat each other. Values count as attributes have them, so that a script finds the same.
    """
    signed = [
        (
            index,
            float(number(each.x)) * (1 if x_higher_is_better else -1),
            float(number(each.y)) * (1 if y_higher_is_better else -1),
        )
        for index, each in enumerate(points)
        if each.candidate and drawable(each.x) and drawable(each.y)
    ]
    found: set[int] = set()
    best: tuple[float, float] | None = None
    for index, x, y in sorted(signed, key=lambda each: (-each[1], -each[2])):
        if best is None or y > best[1] or (x, y) == best:
            found.add(index)
            best = (x, y)
    return found


def pareto(
    title: str, points: Sequence[Point], x: Axis, y: Axis, y_range: tuple[float, float] | None = None
) -> Chart | None:
    """Points, and a line through those that no other beats; None without points.

    Without a good end of both axes no point is beaten, and there is no line.

    Args:
        y_range: what the axis shows at least and, where points lie beyond it, at most: these stand at the edge, with
            an arrow. Where a few are far off, the others would lie on one line.
    """
    shown = [each for each in points if drawable(each.x) and drawable(each.y)]
    if not shown:
        return None
    ends = [each.x if each.to_x is None or not drawable(each.to_x) else each.to_x for each in shown]
    low, high = y_range or (min(each.y for each in shown), max(each.y for each in shown))
    heights = [min(high, max(low, each.y)) for each in shown]
    upright = scale(y, [*heights, low, high], _TOP + _HEIGHT, _TOP)
    box = Box(left_of(upright), _TOP, WIDTH - RIGHT, _TOP + _HEIGHT)
    flat = scale(x, [*(each.x for each in shown), *ends], box.left, box.right)
    places = [
        (
            flat.at(each.x),
            upright.at(each.y) if each.y == height else (box.bottom - _EDGE if each.y < low else box.top + _EDGE),
        )
        for each, height in zip(shown, heights, strict=True)
    ]
    reaches = [[place, (flat.at(end), place[1])] for place, end in zip(places, ends, strict=True)]
    drawn_as = looks((each.series for each in shown), by_colour=False)
    judged = x.higher_is_better is not None and y.higher_is_better is not None
    front = on_front(shown, bool(x.higher_is_better), bool(y.higher_is_better)) if judged else set(range(len(shown)))
    order = sorted(range(len(shown)), key=lambda at: (at in front, places[at], at))
    radii = _radii(places, order)

    inside = across(box, flat, x) + upwards(box, upright, y)
    steps = _steps([places[at] for at in front], bool(x.higher_is_better)) if judged and front else []
    if len(steps) > 1:
        inside += f'<path class="sc-front" d="{_path(steps)}"/>'
    for at in order:
        each, place, look = shown[at], places[at], drawn_as[shown[at].series]
        css = f"sc-point {look.css}{'' if at in front or not each.candidate else ' sc-dominated'}"
        reach = reaches[at][1][0] - place[0]
        drawn = f'<path class="sc-thin" d="M0 0H{px(reach)}"/>' if reach else ""
        drawn += marker(look, radii[at], hollow=each.hollow) + hit(radii[at] + 4)
        if each.y != heights[at]:
            drawn += f'<path class="sc-thin" d="{_ARROW_DOWN if each.y < low else _ARROW_UP}"/>'
        more = {} if each.candidate else {"candidate": "0"}
        inside += pointed(css, each.text, drawn, place, row=each.key, x=each.x, y=each.y, **more)

    named = sorted(front, key=lambda at: (places[at], at))
    taken = [around(place, radius) for place, radius in zip(places, radii, strict=True)]
    taken += [each for path in (steps, *reaches) for each in along(path)]
    if y.higher_is_better is False:
        taken.append(better_box((box.left + 7, box.bottom - 7)))
    wanted = [Label(shown[at].key, places[at], radii[at], reaches[at][1][0] - places[at][0]) for at in named]
    labels, written = labelled(wanted, replace(box, top=box.top - _ABOVE), taken)
    entries, bottom = legend(_entries(shown, drawn_as, {named[at] for at in written}), box.bottom + BELOW)
    goods = {"x": x.higher_is_better, "y": y.higher_is_better}
    data = "".join(f' data-{k}-better="{"high" if good else "low"}"' for k, good in goods.items() if good is not None)
    rows = tuple((each.key, x.number(each.x), y.number(each.y)) for each in shown)
    svg = f'<g class="sc-plot"{data}>{inside}{group("sc-labels", labels)}</g>{entries}'
    return Chart(title, svg, WIDTH, bottom + 4, ("name", x.heading, y.heading), rows)


def _steps(places: Sequence[Place], from_right: bool) -> list[Place]:
    """The corners of the line through the front: at each x the best y that costs no more."""
    first, *others = sorted(set(places), reverse=from_right)
    found = [first]
    for x, y in others:
        found += [(x, found[-1][1]), (x, y)]
    return found


def _path(steps: Sequence[Place]) -> str:
    moves = [f"V{px(y)}" if at % 2 else f"H{px(x)}" for at, (x, y) in enumerate(steps[1:])]
    return f"M{px(steps[0][0])} {px(steps[0][1])}{''.join(moves)}"


def _radii(places: Sequence[Place], order: Sequence[int]) -> list[float]:
    """Larger below smaller, so that each marker on one place stays visible as a ring.

    Args:
        order: the indices as they are drawn.
    """
    found = [_RADIUS] * len(places)
    for drawn, at in enumerate(order):
        x, y = places[at]
        above = sum(abs(x - places[b][0]) < _NEAR and abs(y - places[b][1]) < _NEAR for b in order[drawn + 1 :])
        found[at] += _WIDER * min(above, _MOST)
    return found


def _entries(points: Sequence[Point], drawn_as: Mapping[str, Look], written: set[int]) -> list[Entry]:
    """Legend: each series, filled or hollow, unless the chart has the names of all of its points."""
    groups: dict[tuple[str, bool], list[int]] = {}
    for at, each in enumerate(points):
        groups.setdefault((each.series, each.hollow), []).append(at)
    found = []
    for (series, hollow), members in groups.items():
        if not written.issuperset(members):
            name = points[members[0]].key if len(members) == 1 else f"{series} (hollow)" if hollow else series
            found.append(Entry(name, drawn_as[series].css, marker(drawn_as[series], _RADIUS, hollow=hollow)))
    return found
