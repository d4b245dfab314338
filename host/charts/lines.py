"""Charts with one line a name: names at the left, values at the right, one horizontal axis below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from host.charts.chart import WIDTH
from host.charts.elements import text
from host.charts.frame import RIGHT, Box
from host.charts.style import SIZE
from host.svg.text import fitted, width

_NAMES = 170  # pixels of the longest name; a longer one is cut, and whole where it is pointed at
_VALUES = 130  # pixels of the longest value
_TOP = 8


@dataclass(frozen=True)
class Lines:
    """Where the lines of a chart are.

    Attributes:
        box: the plot.
        pitch: pixels from one line to the next.
    """

    box: Box
    pitch: float

    def middle(self, index: int) -> float:
        """The middle of a line, in pixels from above."""
        return self.box.top + (index + 0.5) * self.pitch


def lines(names: Sequence[str], values: Sequence[str], pitch: float) -> Lines:
    """Room for names and values, and a plot between them."""
    left = min(_NAMES, max(width(name, SIZE) for name in names)) + 12
    right = max((min(_VALUES, width(value, SIZE)) + 10 for value in values), default=0.0)
    return Lines(Box(left, _TOP, WIDTH - max(RIGHT, right), _TOP + pitch * len(names)), pitch)


def beside(placed: Lines, names: Sequence[str], values: Sequence[str], lower: float = 0) -> str:
    """The names at the left and the values at the right.

    Args:
        lower: pixels by which they stand below the middles of their lines.
    """
    made = ""
    for index, name in enumerate(names):
        made += text(placed.box.left - 9, placed.middle(index) + 4.5 + lower, fitted(name, SIZE, _NAMES), "", "end")
    for index, value in enumerate(values):
        made += text(WIDTH - 2, placed.middle(index) + 4.5 + lower, fitted(value, SIZE, _VALUES), "sc-soft", "end")
    return made
