"""Stacked bars: what a whole consists of, one line a name."""

from __future__ import annotations

from collections.abc import Mapping

from host.charts.axis import Axis, drawable
from host.charts.chart import WIDTH, Chart
from host.charts.elements import pointed, rect, text
from host.charts.frame import BELOW, Entry, across, legend
from host.charts.lines import beside, lines
from host.charts.scale import scale
from host.charts.style import SIZE, Look, looks
from host.svg.text import width

_PITCH, _HEIGHT = 28, 20


def stacked_bars(title: str, rows: Mapping[str, Mapping[str, float]], axis: Axis) -> Chart | None:
    """A bar a name, its parts side by side, its sum at the right; None where nothing is above zero.

    Args:
        rows: name -> part -> value; parts that are not finite or not above zero are left out.
    """
    kept = {
        name: {part: value for part, value in parts.items() if drawable(value) and value > 0}
        for name, parts in rows.items()
    }
    kept = {name: parts for name, parts in kept.items() if parts}
    if not kept:
        return None
    sums = {name: sum(parts.values()) for name, parts in kept.items()}
    values = [axis.text(each) for each in sums.values()]
    placed = lines(list(kept), values, _PITCH)
    flat = scale(axis, list(sums.values()), placed.box.left, placed.box.right, zero=True)
    seen = list(dict.fromkeys(part for parts in kept.values() for part in parts))
    drawn = looks(seen)
    inside = across(placed.box, flat, axis)
    for at, (name, parts) in enumerate(kept.items()):
        top, begin = placed.middle(at) - _HEIGHT / 2, 0.0
        for part in seen:
            if (value := parts.get(part)) is None:
                continue
            left, right = flat.at(begin), flat.at(begin + value)
            share = f"{100 * value / sums[name]:.0f} % of {values[at]}"
            bar = rect("sc-bar sc-part", left, top, right, top + _HEIGHT)
            bar += _inside(axis.number(value), left, right, placed.middle(at), drawn[part])
            said = f"{name}, {part}: {axis.text(value)} ({share})"
            inside += pointed(f"sc-point {drawn[part].css}", said, bar, row=name, part=part)
            begin += value
    swatch = '<rect class="sc-bar" x="-6" y="-6" width="12" height="12"/>'
    entries, bottom = legend([Entry(part, drawn[part].css, swatch) for part in seen], placed.box.bottom + BELOW)
    svg = f'<g class="sc-plot">{inside}{beside(placed, list(kept), values)}</g>{entries}'
    unit = f" ({axis.unit})" if axis.unit else ""
    titles = ("name", *(f"{part}{unit}" for part in seen), f"sum{unit}")
    table = tuple(
        (name, *(axis.number(parts[part]) if part in parts else "" for part in seen), axis.number(sums[name]))
        for name, parts in kept.items()
    )
    return Chart(title, svg, WIDTH, bottom + 4, titles, table)


def _inside(words: str, left: float, right: float, middle: float, look: Look) -> str:
    """A part's value in its bar, where it fits."""
    if width(words, SIZE) + 8 > right - left:
        return ""
    css = "sc-on-ink" if look.colour == "currentColor" else "sc-on-dark" if look.is_dark else "sc-on-light"
    return text((left + right) / 2, middle + 4.5, words, css, "middle")
