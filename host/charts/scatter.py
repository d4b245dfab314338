"""Points of two numbers each, and which of them no other beats: the Pareto front.

A page's script finds, on the group `.sc-plot`: data-x-better and data-y-better ("low" or "high"; absent where neither
end is good); on each `.sc-point`: data-row, data-x and data-y (values), data-px and data-py (places in the viewBox),
data-candidate ("0" where it takes no part in the front), and the class `sc-dominated`; and the path `.sc-front`. The
path runs through the front from the good end of x to the other: "M" the first place, then "H" to the next x, "V" to
the next y.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from host.charts.axis import Axis
from host.charts.chart import WIDTH, Chart
from host.charts.elements import Place, group, hit, line, marker, pointed
from host.charts.frame import BELOW, RIGHT, Box, Entry, across, better_box, left_of, legend, upwards
from host.charts.labels import around, labelled
from host.charts.scale import scale
from host.charts.style import look
from host.svg.numbers import px

_TOP, _HEIGHT = 30, 290
_RADIUS = 5.0
_WIDER = 2.5  # pixels by which a marker is larger than the one above it
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

    Equal points do not beat each other.
    """
    signed = [
        (index, each.x if x_higher_is_better else -each.x, each.y if y_higher_is_better else -each.y)
        for index, each in enumerate(points)
        if each.candidate and isfinite(each.x) and isfinite(each.y)
    ]
    found: set[int] = set()
    best: tuple[float, float] | None = None
    for index, x, y in sorted(signed, key=lambda each: (-each[1], -each[2])):
        if best is None or y > best[1] or (x, y) == best:
            found.add(index)
            best = (x, y)
    return found


def pareto(title: str, points: Sequence[Point], x: Axis, y: Axis) -> Chart | None:
    """Points, and a line through those that no other beats; None without points.

    Without a good end of both axes no point is beaten, and there is no line.
    """
    shown = [each for each in points if isfinite(each.x) and isfinite(each.y)]
    if not shown:
        return None
    ends = [each.to_x for each in shown if each.to_x is not None and isfinite(each.to_x)]
    upright = scale(y, [each.y for each in shown], _TOP + _HEIGHT, _TOP)
    box = Box(left_of(upright), _TOP, WIDTH - RIGHT, _TOP + _HEIGHT)
    flat = scale(x, [*(each.x for each in shown), *ends], box.left, box.right)
    places = [(flat.at(each.x), upright.at(each.y)) for each in shown]
    judged = x.higher_is_better is not None and y.higher_is_better is not None
    front = on_front(shown, bool(x.higher_is_better), bool(y.higher_is_better)) if judged else set(range(len(shown)))
    radii = _radii(places)

    inside = across(box, flat, x) + upwards(box, upright, y)
    if judged and len(front) > 1:
        inside += f'<path class="sc-front" d="{_steps([places[at] for at in front], bool(x.higher_is_better))}"/>'
    for at in sorted(range(len(shown)), key=lambda at: (at in front, -radii[at], places[at], at)):
        each, (px_, py_) = shown[at], places[at]
        css = f"sc-point {look(each.series).css}{'' if at in front or not each.candidate else ' sc-dominated'}"
        to_x = flat.at(each.to_x) if each.to_x is not None and isfinite(each.to_x) else px_
        drawn = f'<path class="sc-thin" d="{line([(px_, py_), (to_x, py_)])}"/>' if to_x != px_ else ""
        drawn += marker(look(each.series), px_, py_, radii[at], hollow=each.hollow)
        drawn += hit(px_, py_, radii[at] + 4)
        more = {} if each.candidate else {"candidate": "0"}
        inside += pointed(css, each.text, drawn, row=each.key, x=each.x, y=each.y, px=px_, py=py_, **more)

    named = sorted(front, key=lambda at: (places[at], at))
    taken = [around(place, radius) for place, radius in zip(places, radii, strict=True)]
    if y.higher_is_better is False:
        taken.append(better_box((box.left + 7, box.bottom - 7)))
    wanted = [(shown[at].key, places[at], radii[at]) for at in named]
    labels, written = labelled(wanted, box, taken)
    entries, bottom = legend(_entries(shown, {named[at] for at in written}), box.bottom + BELOW)
    goods = {"x": x.higher_is_better, "y": y.higher_is_better}
    data = "".join(f' data-{k}-better="{"high" if good else "low"}"' for k, good in goods.items() if good is not None)
    rows = tuple((each.key, x.number(each.x), y.number(each.y)) for each in shown)
    svg = f'<g class="sc-plot"{data}>{inside}{group("sc-labels", labels)}</g>{entries}'
    return Chart(title, svg, WIDTH, bottom + 4, ("name", x.heading, y.heading), rows)


def _steps(places: Sequence[Place], from_right: bool) -> str:
    """The `d` of the line through the front: at each x the best y that costs no more."""
    first, *others = sorted(set(places), reverse=from_right)
    return f"M{px(first[0])} {px(first[1])}" + "".join(f"H{px(x)}V{px(y)}" for x, y in others)


def _radii(places: Sequence[Place]) -> list[float]:
    """Larger below smaller, so that each marker on one place stays visible as a ring."""
    found = []
    for at, (x, y) in enumerate(places):
        above = sum(abs(x - a) < _NEAR and abs(y - b) < _NEAR for a, b in places[at + 1 :])
        found.append(_RADIUS + _WIDER * min(above, _MOST))
    return found


def _entries(points: Sequence[Point], written: set[int]) -> list[Entry]:
    """Legend: each series, filled or hollow, unless the chart has the names of all of its points."""
    groups: dict[tuple[str, bool], list[int]] = {}
    for at, each in enumerate(points):
        groups.setdefault((each.series, each.hollow), []).append(at)
    found = []
    for (series, hollow), members in groups.items():
        if not written.issuperset(members):
            name = points[members[0]].key if len(members) == 1 else f"{series} (hollow)" if hollow else series
            found.append(Entry(name, look(series).css, marker(look(series), 0, 0, _RADIUS, hollow=hollow)))
    return found
