"""A finished chart."""

from __future__ import annotations

from dataclasses import dataclass

from host.charts.elements import escaped
from host.charts.style import ALONE
from host.svg.numbers import px

WIDTH = 500  # of every chart: on a phone of 375 pixels its texts are 9 pixels high, and no smaller


@dataclass(frozen=True)
class Chart:
    """A chart, and its values as a table.

    Attributes:
        title: the question that it answers; not drawn, since pages have captions.
        svg: the elements inside of `<svg>`, without style.
        width, height: of the viewBox, in pixels.
        titles: of the table's columns, with units.
        rows: of the table.
    """

    title: str
    svg: str
    width: float
    height: float
    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def svg_text(chart: Chart, *, alone: bool) -> str:
    """A chart as an `<svg>` element.

    Args:
        alone: for a file or a PDF: with its own style and paper. Otherwise the page includes `style.STYLE` once.
    """
    width, height = px(chart.width), px(chart.height)
    inside = f'<style>{ALONE}</style><rect class="sc-paper" width="{width}" height="{height}"/>' if alone else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="sc" role="group" aria-label="{escaped(chart.title)}" '
        f'viewBox="0 0 {width} {height}" width="{width}" height="{height}">{inside}{chart.svg}</svg>'
    )
