"""Dot plots: a few values a name, such as one for each device."""

from __future__ import annotations

from collections.abc import Mapping

from host.charts.axis import Axis, drawable
from host.charts.chart import WIDTH, Chart
from host.charts.elements import hit, line, marker, pointed
from host.charts.frame import BELOW, Entry, across, legend
from host.charts.lines import beside, lines
from host.charts.scale import scale
from host.charts.style import looks
from host.svg.numbers import px

Intervals = Mapping[tuple[str, str], tuple[float, float]]

_PITCH = 28
_NONE: Intervals = {}


def dots(title: str, rows: Mapping[str, Mapping[str, float]], axis: Axis, intervals: Intervals = _NONE) -> Chart | None:
    """A line a name with a marker for each place, and a thin line from the smallest to the largest.

    Args:
        rows: name -> place -> value; those that are not finite are left out.
        intervals: (name, place) -> (low, high), such as a confidence interval.

    Returns:
        The chart; None where there is no value.
    """
    kept = {name: {place: value for place, value in places.items() if drawable(value)} for name, places in rows.items()}
    kept = {name: places for name, places in kept.items() if places}
    if not kept:
        return None
    ranges = {
        key: ends
        for key, ends in intervals.items()
        if all(drawable(end) for end in ends) and key[1] in kept.get(key[0], {})
    }
    places = list(dict.fromkeys(place for values in kept.values() for place in values))
    drawn = looks(places)
    placed = lines(list(kept), [], _PITCH)
    shown = [value for values in kept.values() for value in values.values()]
    flat = scale(axis, [*shown, *(end for ends in ranges.values() for end in ends)], placed.box.left, placed.box.right)
    inside = across(placed.box, flat, axis)
    for at, (name, values) in enumerate(kept.items()):
        y = placed.middle(at)
        ends = [(flat.at(value), y) for value in (min(values.values()), max(values.values()))]
        inside += f'<path class="sc-thin" d="{line(ends)}"/>' if len(values) > 1 else ""
        for place in places:
            if (value := values.get(place)) is None:
                continue
            x, mark = flat.at(value), ""
            said = f"{name}, {place}: {axis.text(value)}"
            if ends_of := ranges.get((name, place)):
                low, high = (px(flat.at(end) - x) for end in ends_of)
                whiskers = f"M{low}-4v8M{low} 0H{high}M{high}-4v8"
                mark = f'<path class="sc-line" d="{whiskers}"/>'
                said += f" ({axis.number(ends_of[0])} to {axis.number(ends_of[1])})"
            mark += marker(drawn[place]) + hit(9)
            inside += pointed(f"sc-point {drawn[place].css}", said, mark, (x, y), row=name, place=place, x=value)
    samples = [Entry(place, drawn[place].css, marker(drawn[place])) for place in places]
    entries, bottom = legend(samples, placed.box.bottom + BELOW)
    svg = f'<g class="sc-plot">{inside}{beside(placed, list(kept), [])}</g>{entries}'
    unit = f" ({axis.unit})" if axis.unit else ""
    table = tuple(
        (name, *(_cell(axis, name, place, values, ranges) for place in places)) for name, values in kept.items()
    )
    return Chart(title, svg, WIDTH, bottom + 4, ("name", *(f"{place}{unit}" for place in places)), table)


def _cell(axis: Axis, name: str, place: str, values: Mapping[str, float], ranges: Intervals) -> str:
    if place not in values:
        return ""
    ends = ranges.get((name, place))
    beside = f" ({axis.number(ends[0])} to {axis.number(ends[1])})" if ends else ""
    return f"{axis.number(values[place])}{beside}"
