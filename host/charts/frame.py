"""What stands around values: grid, ticks, titles, the good ends of axes, and a legend below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from host.charts.axis import Axis
from host.charts.chart import WIDTH
from host.charts.elements import group, line, text
from host.charts.scale import Scale
from host.charts.style import SIZE
from host.svg.numbers import px
from host.svg.text import fitted, width

LINE = 20  # pixels from one line of a legend to the next
BELOW = 46  # pixels that ticks and title take below a plot
RIGHT = 14  # pixels free at the right, for half a tick's text
_GAP = 16  # between entries of a legend


@dataclass(frozen=True)
class Box:
    """A part of a chart, in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    def holds(self, other: Box) -> bool:
        return (
            self.left <= other.left
            and self.top <= other.top
            and other.right <= self.right
            and other.bottom <= self.bottom
        )

    def meets(self, other: Box) -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


@dataclass(frozen=True)
class Entry:
    """An entry of a legend.

    Attributes:
        css: its colour's class.
        sample: elements that show its marker or line, around (0, 0), `half` pixels to each side at most.
        half: half the sample's width.
    """

    name: str
    css: str
    sample: str
    half: float = 7


def left_of(scale: Scale) -> float:
    """Pixels that the texts of an upright axis take."""
    return max((width(words, SIZE) for _, words in scale.ticks), default=0.0) + 10


def across(box: Box, x: Scale, axis: Axis, *, last: bool = True) -> str:
    """The horizontal axis of a plot: grid, and, at the last plot from above, ticks, title and its good end."""
    lines = "".join(f"M{px(x.at(value))} {px(box.top)}V{px(box.bottom)}" for value, _ in x.ticks)
    made = f'<path class="sc-grid" d="{lines}"/>' if lines else ""
    made += f'<path class="sc-axis" d="{line([(box.left, box.bottom), (box.right, box.bottom)])}"/>'
    if not last:
        return made
    texts = ""
    free = 0.0
    for value, words in x.ticks:
        half = width(words, SIZE) / 2
        if (at := min(x.at(value), WIDTH - half)) - half >= free:
            texts += text(at, box.bottom + 17, words)
            free = at + half + 6
    made += f'<g class="sc-soft" text-anchor="middle">{texts}</g>'
    return made + _below(box, axis)


def _below(box: Box, axis: Axis) -> str:
    """The title of the horizontal axis, in its middle unless "better" stands there, and its good end."""
    y, good = box.bottom + 37, axis.higher_is_better
    middle, room = (box.left + box.right) / 2, box.right - box.left
    if good is None:
        return text(middle, y, fitted(axis.heading, SIZE, room), "", "middle")
    taken = width("better", SIZE) + 30
    heading = fitted(axis.heading, SIZE, room - taken)
    arrow = better((box.right if good else box.left, y), "right" if good else "left")
    if width(heading, SIZE) + 2 * taken < room:
        return arrow + text(middle, y, heading, "", "middle")
    return arrow + (text(box.right - taken, y, heading, "", "end") if good else text(box.left + taken, y, heading))


def upwards(box: Box, y: Scale, axis: Axis) -> str:
    """The upright axis of a plot: grid, ticks, its title above, and its good end."""
    lines = "".join(f"M{px(box.left)} {px(y.at(value))}H{px(box.right)}" for value, _ in y.ticks)
    made = f'<path class="sc-grid" d="{lines}"/>' if lines else ""
    texts = "".join(text(box.left - 7, y.at(value) + 4.5, words) for value, words in y.ticks)
    heading = fitted(axis.heading, SIZE, WIDTH - 90)
    made += f'<g class="sc-soft" text-anchor="end">{texts}</g>' + text(4, box.top - 10, heading)
    if axis.higher_is_better is None:
        return made
    if axis.higher_is_better:
        return made + better((4 + width(heading, SIZE) + 10, box.top - 10), "up")
    return made + better((box.left + 7, box.bottom - 7), "down")


def better(at: tuple[float, float], direction: str) -> str:
    """The word "better" and an arrow, at the beginning of a baseline; at its end for "right"."""
    x, y = at
    arrows = {
        "left": (x, "M10 -4H1M4 -7L1 -4L4 -1", 14.0, ""),
        "right": (x - 10, "M0 -4H9M6 -7L9 -4L6 -1", -4.0, "end"),
        "up": (x, "M4 0V-9M1 -6L4 -9L7 -6", 12.0, ""),
        "down": (x, "M4 0V-9M1 -3L4 0L7 -3", 12.0, ""),
    }
    start, path, beside, anchor = arrows[direction]
    arrow = f'<path class="sc-arrow" transform="translate({px(start)} {px(y)})" d="{path}"/>'
    return group("sc-soft", arrow + text(start + beside, y, "better", "", anchor))


def better_box(at: tuple[float, float]) -> Box:
    """The place that `better` takes inside of a plot."""
    return Box(at[0], at[1] - SIZE, at[0] + 12 + width("better", SIZE), at[1] + 3)


def legend(entries: Sequence[Entry], top: float, left: float = 4) -> tuple[str, float]:
    """Entries side by side, in as many lines as they need.

    Returns:
        The elements, and the place below them.
    """
    made, x, y = "", left, top
    for entry in entries:
        name = fitted(entry.name, SIZE, WIDTH - 50)
        wide = 2 * entry.half + 6 + width(name, SIZE)
        if x > left and x + wide > WIDTH - 4:
            x, y = left, y + LINE
        at = f"{px(x + entry.half)} {px(y + LINE / 2)}"
        made += f'<g class="{entry.css}" transform="translate({at})">{entry.sample}</g>'
        made += text(x + 2 * entry.half + 6, y + LINE / 2 + 4.5, name)
        x += wide + _GAP
    return (made, y + LINE) if entries else ("", top)
