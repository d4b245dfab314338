"""Lines: rate against distortion, training, and what changes over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite

from host.charts.axis import Axis
from host.charts.chart import WIDTH, Chart
from host.charts.elements import Place, group, hit, line, marker, pointed
from host.charts.frame import BELOW, RIGHT, Box, Entry, across, better_box, left_of, legend, upwards
from host.charts.labels import along, labelled
from host.charts.scale import scale
from host.charts.style import look

_TOP, _BETWEEN = 30, 34
_HEIGHT, _STACKED_HEIGHT = 290, 150
_DASHED = "6 4"
_FAINT_DASHES = ("", "8 3", "2 3", "8 3 2 3", "4 3", "14 4")
_MARKS = 5  # on a line without points of its own
_SMALL = 3.5  # pixels of a marker's radius on a line
_TABLE = 12  # rows of a line without points of its own


@dataclass(frozen=True)
class Curve:
    """A line through points.

    Attributes:
        name: as in the legend.
        points: x and y.
        texts: what a reader wants to know of each point; empty for a line whose points are not marked.
        dashed: belongs to another line, such as that of the training data beside that of the test data.
        faint: for comparison, such as a published one: thin and grey.
        colour_of: the name whose colour and shape it has; None for its own.
    """

    name: str
    points: tuple[Place, ...]
    texts: tuple[str, ...] = ()
    dashed: bool = False
    faint: bool = False
    colour_of: str | None = None


Panel = tuple[Sequence[Curve], Axis]


def curves(title: str, lines: Sequence[Curve], x: Axis, y: Axis, *, x_limit: float | None = None) -> Chart | None:
    """Lines on one plot; None where none has a point.

    Args:
        x_limit: where the plot ends, such as where curves for comparison go on; longer lines are cut there.
    """
    cut = lines if x_limit is None else [_cut(each, x_limit) for each in lines]
    return _chart(title, [(cut, y)], x, _HEIGHT)


def stacked(title: str, panels: Sequence[Panel], x: Axis) -> Chart | None:
    """Plots above each other with one horizontal axis, such as latency and temperature over time."""
    return _chart(title, panels, x, _STACKED_HEIGHT)


def _chart(title: str, panels: Sequence[Panel], x: Axis, height: float) -> Chart | None:
    shown = [([_finite(each) for each in lines], y) for lines, y in panels]
    filled = [([each for each in lines if each.points], y) for lines, y in shown]
    filled = [(lines, y) for lines, y in filled if lines]
    if not filled:
        return None
    every = [each for lines, _ in filled for each in lines]
    upright = [scale(y, [place[1] for each in lines for place in each.points], height, 0) for lines, y in filled]
    left = max(left_of(each) for each in upright)
    bare = not any(each.texts for each in every)
    flat = scale(x, [place[0] for each in every for place in each.points], left, WIDTH - RIGHT, tight=bare)
    dashes = _dashes(every)
    inside, entries, bottom = "", dict[str, Entry](), _TOP - _BETWEEN + 0.0
    for (lines, y), plain in zip(filled, upright, strict=True):
        top = bottom + _BETWEEN
        bottom = top + height
        box, own = Box(left, top, WIDTH - RIGHT, bottom), plain.moved(bottom, top)
        inside += across(box, flat, x, last=lines is filled[-1][0]) + upwards(box, own, y)
        places = [[(flat.at(a), own.at(b)) for a, b in each.points] for each in lines]
        for at, (each, found) in enumerate(zip(lines, places, strict=True)):
            inside += _drawn(each, found, x, y, dashes[each.name], (at + 1) / (len(lines) + 1))
        written = _ends(lines, places, box, y)
        inside += written[0]
        for at, each in enumerate(lines):
            if at not in written[1]:
                entries.setdefault(each.name, _entry(each, dashes[each.name]))
    texts, end = legend(list(entries.values()), bottom + BELOW)
    titles = ("name", x.heading, *(y.heading for _, y in filled))
    return Chart(title, f'<g class="sc-plot">{inside}</g>{texts}', WIDTH, end + 4, titles, _rows(filled, x))


def _finite(each: Curve) -> Curve:
    kept = [at for at, (a, b) in enumerate(each.points) if isfinite(a) and isfinite(b)]
    texts = tuple(each.texts[at] for at in kept) if each.texts else ()
    return replace(each, points=tuple(each.points[at] for at in kept), texts=texts)


def _cut(each: Curve, limit: float) -> Curve:
    """A line as far as a limit; the point at the limit itself only where no point is marked."""
    kept = [at for at, place in enumerate(each.points) if place[0] <= limit]
    points = [each.points[at] for at in kept]
    after = next((place for place in each.points[kept[-1] + 1 :]), None) if kept else None
    if after is not None and not each.texts and after[0] > points[-1][0]:
        (ax, ay), (bx, by) = points[-1], after
        points.append((limit, ay + (by - ay) * (limit - ax) / (bx - ax)))
    return replace(each, points=tuple(points), texts=tuple(each.texts[at] for at in kept) if each.texts else ())


def _dashes(lines: Sequence[Curve]) -> dict[str, str]:
    faint = list(dict.fromkeys(each.name for each in lines if each.faint))
    found = {each.name: _DASHED if each.dashed else "" for each in lines}
    return {**found, **{name: _FAINT_DASHES[at % len(_FAINT_DASHES)] for at, name in enumerate(faint)}}


def _css(each: Curve) -> str:
    return "sc-faint" if each.faint else look(each.colour_of or each.name).css


def _path(each: Curve, places: Sequence[Place], dash: str) -> str:
    css = "sc-thin" if each.faint else "sc-line"
    return f'<path class="{css}" d="{line(places)}"{f" stroke-dasharray={chr(34)}{dash}{chr(34)}" if dash else ""}/>'


def _drawn(each: Curve, places: Sequence[Place], x: Axis, y: Axis, dash: str, share: float) -> str:
    own = look(each.colour_of or each.name)
    if each.texts:
        made = _path(each, places, dash)
        for said, (a, b), (at, up) in zip(each.texts, each.points, places, strict=True):
            drawn = marker(own, at, up, _SMALL if each.faint else 4.5, hollow=each.dashed)
            drawn += hit(at, up, 9)
            made += pointed("sc-point", said, drawn, series=each.name, x=a, y=b, px=at, py=up)
        return group(f"sc-curve {_css(each)}", made)
    values = [place[1] for place in each.points]
    said = f"{each.name}: {y.title} from {y.text(values[0])} to {y.text(values[-1])}"
    said += f", lowest {y.number(min(values))}, highest {y.number(max(values))}"
    thinned = _thinned(places)
    made = _path(each, thinned, dash)
    if not each.faint and len(each.points) > 1:
        marks = {int((at + share) / _MARKS * len(thinned)) for at in range(_MARKS)}
        made += "".join(marker(own, *thinned[at], _SMALL, hollow=each.dashed) for at in sorted(marks))
    elif len(each.points) == 1:
        made += marker(own, *places[0], _SMALL)
    return pointed(f"sc-curve {_css(each)}", said, made, series=each.name)


def _thinned(places: Sequence[Place]) -> Sequence[Place]:
    """In each column of pixels the first, lowest, highest and last place: what the eye sees of thousands."""
    if len(places) <= 2 * WIDTH:
        return places
    columns: dict[int, list[int]] = {}
    for at, (x, _) in enumerate(places):
        columns.setdefault(int(x), []).append(at)
    kept: set[int] = set()
    for members in columns.values():
        kept |= {members[0], members[-1]}
        kept |= {min(members, key=lambda at: places[at][1]), max(members, key=lambda at: places[at][1])}
    return [places[at] for at in sorted(kept)]


def _ends(lines: Sequence[Curve], places: Sequence[Sequence[Place]], box: Box, y: Axis) -> tuple[str, set[int]]:
    """Names at the ends of lines, where there is room."""
    taken = [each for found in places for each in along(_thinned(found))]
    if y.higher_is_better is False:
        taken.append(better_box((box.left + 7, box.bottom - 7)))
    return labelled([(each.name, found[-1], 3) for each, found in zip(lines, places, strict=True)], box, taken)


def _entry(each: Curve, dash: str) -> Entry:
    own = look(each.colour_of or each.name)
    sample = _path(each, [(-12, 0), (12, 0)], dash)
    if not each.faint:
        sample += marker(own, 0, 0, _SMALL, hollow=each.dashed)
    return Entry(each.name, _css(each), sample, 12)


def _rows(panels: Sequence[Panel], x: Axis) -> tuple[tuple[str, ...], ...]:
    """A row for each marked point; of a line without any, a few, evenly spaced."""
    found = []
    for at, (lines, y) in enumerate(panels):
        for each in lines:
            last = len(each.points) - 1
            kept = range(last + 1)
            if not each.texts and last >= _TABLE:
                kept = sorted({round(last * step / (_TABLE - 1)) for step in range(_TABLE)})  # type: ignore[assignment]
            for index in kept:
                a, b = each.points[index]
                cells = [y.number(b) if panel == at else "" for panel in range(len(panels))]
                found.append((each.name, x.number(a), *cells))
    return tuple(found)


