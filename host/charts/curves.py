"""Lines: rate against distortion, training, and what changes over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import dist, inf

from host.charts.axis import Axis, drawable
from host.charts.chart import WIDTH, Chart
from host.charts.elements import Place, group, hit, pointed
from host.charts.frame import BELOW, RIGHT, Box, Entry, across, better_box, left_of, legend, upwards
from host.charts.labels import Label, along, labelled
from host.charts.scale import scale
from host.charts.strokes import DASHED, FAINT_DASHES, RADIUS, SMALL, Stroke, thinned
from host.charts.style import looks

_TOP, _BETWEEN = 30, 34
_HEIGHT, _STACKED_HEIGHT = 290, 150
_APART = 18  # pixels between ends of lines, else nobody sees which name is whose
_TABLE = 12  # rows of a line whose points are not marked


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
    return _chart(title, [(lines, y)], x, _HEIGHT, inf if x_limit is None else x_limit)


def stacked(title: str, panels: Sequence[Panel], x: Axis) -> Chart | None:
    """Plots above each other with one horizontal axis, such as latency and temperature over time.

    Panels without a point are left out.
    """
    return _chart(title, panels, x, _STACKED_HEIGHT, inf)


def _chart(title: str, panels: Sequence[Panel], x: Axis, height: float, limit: float) -> Chart | None:
    cut = [([_cut(_finite(each), limit) for each in lines], y) for lines, y in panels]
    filled = [(kept, y) for lines, y in cut if (kept := [each for each in lines if each.points])]
    if not filled:
        return None
    every = [each for lines, _ in filled for each in lines]
    strokes = _strokes(every)
    upright = [scale(y, [place[1] for each in lines for place in each.points], height, 0) for lines, y in filled]
    left = max(left_of(each) for each in upright)
    tight = not any(each.texts for each in every)
    flat = scale(x, [place[0] for each in every for place in each.points], left, WIDTH - RIGHT, tight=tight)
    inside, entries, bottom = "", dict[str, Entry](), float(_TOP - _BETWEEN)
    for (lines, y), plain in zip(filled, upright, strict=True):
        box = Box(left, bottom + _BETWEEN, WIDTH - RIGHT, bottom + _BETWEEN + height)
        bottom = box.bottom
        up = plain.moved(box.bottom, box.top)
        inside += across(box, flat, x, last=lines is filled[-1][0]) + upwards(box, up, y)
        places = [[(flat.at(a), up.at(b)) for a, b in each.points] for each in lines]
        for at, (each, found) in enumerate(zip(lines, places, strict=True)):
            share = (at + 1) / (len(lines) + 1)
            stroke = strokes[each.name]
            inside += _marked(each, found, stroke) if each.texts else _bare(each, found, stroke, y, share)
        names, written = _ends(lines, places, box, y)
        inside += group("sc-labels", names)
        entries |= {each.name: strokes[each.name].entry(each.name) for each in lines if each.name not in written}
    texts, end = legend(list(entries.values()), bottom + BELOW)
    titles = ("name", x.heading, *(y.heading for _, y in filled))
    return Chart(title, f'<g class="sc-plot">{inside}</g>{texts}', WIDTH, end + 4, titles, _rows(filled, x))


def _finite(each: Curve) -> Curve:
    kept = [at for at, (a, b) in enumerate(each.points) if drawable(a) and drawable(b)]
    texts = tuple(each.texts[at] for at in kept) if each.texts else ()
    return replace(each, points=tuple(each.points[at] for at in kept), texts=texts)


def _cut(each: Curve, limit: float) -> Curve:
    """A line as far as a limit; a place at the limit itself is added only where no point is marked."""
    kept = [at for at, (x, _) in enumerate(each.points) if x <= limit]
    if len(kept) == len(each.points):
        return each
    points = [each.points[at] for at in kept]
    if kept and kept[-1] + 1 < len(each.points) and not each.texts:
        (ax, ay), (bx, by) = each.points[kept[-1]], each.points[kept[-1] + 1]
        points.append((limit, ay + (by - ay) * (limit - ax) / (bx - ax)))
    return replace(each, points=tuple(points), texts=tuple(each.texts[at] for at in kept) if each.texts else ())


def _strokes(lines: Sequence[Curve]) -> dict[str, Stroke]:
    found = looks(each.colour_of or each.name for each in lines if not each.faint)
    faint = list(dict.fromkeys(each.name for each in lines if each.faint))
    made = {name: Stroke(None, FAINT_DASHES[at % len(FAINT_DASHES)]) for at, name in enumerate(faint)}
    for each in lines:
        if not each.faint:
            made[each.name] = Stroke(found[each.colour_of or each.name], DASHED if each.dashed else "", each.dashed)
    return made


def _marked(each: Curve, places: Sequence[Place], stroke: Stroke) -> str:
    made = stroke.path(places)
    for said, (a, b), place in zip(each.texts, each.points, places, strict=True):
        drawn = stroke.mark(radius=RADIUS if stroke.look else SMALL) + hit(9)
        made += pointed("sc-point", said, drawn, place, series=each.name, x=a, y=b)
    return group(f"sc-curve {stroke.css}", made)


def _bare(each: Curve, places: Sequence[Place], stroke: Stroke, y: Axis, share: float) -> str:
    values = [place[1] for place in each.points]
    said = f"{each.name}: {y.title} from {y.text(values[0])} to {y.text(values[-1])}, "
    said += f"lowest {y.number(min(values))}, highest {y.number(max(values))}"
    shown = thinned(places)
    drawn = stroke.path(shown) + stroke.marks(shown, share)
    return pointed(f"sc-curve {stroke.css}", said, drawn, series=each.name)


def _ends(lines: Sequence[Curve], places: Sequence[Sequence[Place]], box: Box, y: Axis) -> tuple[str, set[str]]:
    """Names at the ends of lines, where there is room and no other line ends close by; and which these are."""
    taken = [each for found in places for each in along(thinned(found))]
    if y.higher_is_better is False:
        taken.append(better_box((box.left + 7, box.bottom - 7)))
    ends = [Label(each.name, found[-1], SMALL) for each, found in zip(lines, places, strict=True)]
    lonely = [end for end in ends if all(other is end or dist(end.place, other.place) > _APART for other in ends)]
    texts, found = labelled(lonely, box, taken)
    return texts, {lonely[at].name for at in found}


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
