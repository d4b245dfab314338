"""The elements that charts are made of, as SVG text. Formatted strings: a chart takes about a millisecond."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import cos, pi, sin

from host.charts.style import Look
from host.svg.numbers import px

Place = tuple[float, float]

# What XML 1.0 cannot hold, not even escaped.
_FORBIDDEN = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF, *range(0xD800, 0xE000)], "\ufffd")


def escaped(text: str) -> str:
    """A text for a place between tags or in an attribute."""
    return escape(text.translate(_FORBIDDEN))


def text(x: float, y: float, words: str, css: str = "", anchor: str = "") -> str:
    """A line of text.

    Args:
        x, y: of the beginning of its baseline, or of what `anchor` says ("middle", "end").
    """
    more = (f' class="{css}"' if css else "") + (f' text-anchor="{anchor}"' if anchor else "")
    return f'<text x="{px(x)}" y="{px(y)}"{more}>{escaped(words)}</text>'


def line(points: Sequence[Place]) -> str:
    """The `d` of a path through points."""
    return "M" + " ".join(f"{px(x)} {px(y)}" for x, y in points)


def marker(look: Look, radius: float = 5, at: Place = (0, 0), *, hollow: bool = False) -> str:
    """A marker; its colour is that of the group around it."""
    css = "sc-h" if hollow else "sc-m"
    x, y = at
    if look.shape == "circle":
        place = f'cx="{px(x)}" cy="{px(y)}" ' if x or y else ""
        return f'<circle class="{css}" {place}r="{px(radius)}"/>'
    corners = " ".join(f"{px(x + a * radius)} {px(y + b * radius)}" for a, b in _OUTLINES[look.shape])
    return f'<path class="{css}" d="M{corners}z"/>'


def rect(css: str, left: float, top: float, right: float, bottom: float) -> str:
    size = f'width="{px(right - left)}" height="{px(bottom - top)}"'
    return f'<rect class="{css}" x="{px(left)}" y="{px(top)}" {size}/>'


def hit(radius: float) -> str:
    """What makes a marker easier to point at: nothing is seen of it."""
    return f'<circle class="sc-hit" r="{px(radius)}"/>'


def pointed(css: str, label: str, inside: str, at: Place | None = None, **data: str | float) -> str:
    """A group that a pointer, the keyboard and a screen reader find.

    Args:
        at: the place of the origin of what is inside; also written as data-px and data-py.
        data: attributes without "data-"; numbers get six digits.
    """
    said = escaped(label)
    more = "".join(f' data-{key}="{_attribute(value)}"' for key, value in data.items())
    if at is not None:
        x, y = px(at[0]), px(at[1])
        more += f' data-px="{x}" data-py="{y}" transform="translate({x} {y})"'
    return f'<g class="{css}" tabindex="0" role="img" aria-label="{said}"{more}><title>{said}</title>{inside}</g>'


def group(css: str, inside: str) -> str:
    return f'<g class="{css}">{inside}</g>'


def _attribute(value: str | float) -> str:
    return escaped(value) if isinstance(value, str) else number(value)


def number(value: float) -> str:
    """A value as attributes have it: what a script reads."""
    return f"{value:.6g}"


def _round(count: int, first: float, radius: float, inner: float = 0.0) -> list[Place]:
    """Corners of a regular polygon, clockwise from an angle (0: up); with `inner`, of a star."""
    steps = count * (2 if inner else 1)
    radii = [radius if not inner or at % 2 == 0 else inner for at in range(steps)]
    angles = [first + 2 * pi * at / steps for at in range(steps)]
    return [(r * sin(angle), -r * cos(angle)) for r, angle in zip(radii, angles, strict=True)]


_BAR = 0.4  # half the width of a plus
_PLUS = [
    *((-_BAR, -1.1), (_BAR, -1.1), (_BAR, -_BAR), (1.1, -_BAR), (1.1, _BAR), (_BAR, _BAR)),
    *((_BAR, 1.1), (-_BAR, 1.1), (-_BAR, _BAR), (-1.1, _BAR), (-1.1, -_BAR), (-_BAR, -_BAR)),
]
# Of one area, about; for a radius of one.
_OUTLINES = {
    "square": _round(4, pi / 4, 1.27),
    "diamond": _round(4, 0.0, 1.3),
    "up": [(x, y + 0.15) for x, y in _round(3, 0.0, 1.4)],
    "down": [(x, y - 0.15) for x, y in _round(3, pi, 1.4)],
    "plus": _PLUS,
    "cross": [((a - b) * 0.707, (a + b) * 0.707) for a, b in _PLUS],
    "star": _round(5, 0.0, 1.5, 0.65),
    "hexagon": _round(6, 0.0, 1.15),
}
