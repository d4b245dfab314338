"""The elements that a drawing is made of: texts, boxes and lines, as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from host.diagram.blocks import Layer
from host.diagram.column import Line, Point
from host.diagram.lines import (
    BOX_WIDTH,
    LEFT,
    LINE,
    MARK,
    RIGHT,
    TextLine,
    first_baseline,
    label,
    layer_height,
    type_text,
)
from host.diagram.network import Placed
from host.diagram.style import COLOURS, OTHER, PREFIX, STYLE
from host.svg.numbers import px
from host.svg.text import width

_ROUND = 6  # pixels of a bend
_ARROW = 7, 3.5  # length and half the width
_STRIPE = 7


def root(size: Point, title: str) -> Element:
    """An empty drawing with its own paper and styles."""
    found = Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "class": PREFIX, "role": "group"})
    found.set("aria-label", title)
    found.set("viewBox", f"0 0 {px(size[0])} {px(size[1])}")
    found.set("width", px(size[0]))
    found.set("height", px(size[1]))
    found.set("style", "max-width: 100%; height: auto")
    SubElement(found, "title").text = title
    SubElement(found, "style").text = STYLE
    SubElement(found, "rect", {"class": _c("paper"), "width": px(size[0]), "height": px(size[1])})
    return found


def as_text(drawing: Element) -> str:
    """A drawing as a text; equal drawings give equal texts."""
    indent(drawing, " ")
    return tostring(drawing, encoding="unicode") + "\n"


def text(parent: Element, at: Point, words: str, kind: str = "", anchor: str = "start") -> None:
    """Adds a line of text, its baseline's begin (or middle, or end) at a point."""
    if words:
        made = SubElement(parent, "text", {"x": px(at[0]), "y": px(at[1])})
        if kind:
            made.set("class", _c(kind))
        if anchor != "start":
            made.set("text-anchor", anchor)
        made.text = words


def rect(parent: Element, at: Point, size: Point, kind: str, corner: float = 5, **more: str) -> Element:
    """Adds a rectangle."""
    places = {"x": px(at[0]), "y": px(at[1]), "width": px(size[0]), "height": px(size[1]), "rx": px(corner)}
    return SubElement(parent, "rect", {"class": " ".join(map(_c, kind.split())), **places, **more})


def titled(parent: Element, title: str) -> Element:
    """Adds a group that a pointer and a screen reader find by a title."""
    group = SubElement(parent, "g", {"role": "img", "aria-label": title})
    SubElement(group, "title").text = title
    return group


def pill(parent: Element, placed: Placed, offset: Point, title: str) -> None:
    """Adds what stands for an input, or for a block of the column before."""
    group = titled(parent, title)
    x, y = placed.x + offset[0], placed.y + offset[1]
    rect(group, (x, y), (placed.width, placed.height), "pill again" if placed.again else "pill", placed.height / 2)
    _two_weights(
        group, (x + placed.width / 2, y + placed.height / 2 + 4), placed.block.title, placed.block.shape, "middle"
    )


def layer_box(parent: Element, at: Point, layer: Layer, lines: Sequence[TextLine], *, joined: bool) -> None:
    """Adds a layer's box.

    Args:
        joined: to the one above it.
    """
    group = titled(parent, layer_title(layer))
    height = layer_height(list(lines))
    colour = COLOURS.get(label(layer.types[0][0]), OTHER)
    size, corner = (float(BOX_WIDTH), float(height)), 0.0 if joined else 3.0
    rect(group, at, size, "paper", corner)
    tint = {"fill": colour, "fill-opacity": "0.06" if colour == "currentColor" else "0.13"}
    rect(group, at, size, "box", corner, **tint)
    share = 0.0
    counts = sum(count for _, count in layer.types)
    for types, count in layer.types:  # of an application whose layers differ, each type's part of the stripe
        part = height * count / counts
        place = {"x": px(at[0]), "y": px(at[1] + share), "width": px(_STRIPE), "height": px(part)}
        SubElement(group, "rect", {**place, "fill": COLOURS.get(label(types), OTHER)})
        share += part
    for index, line in enumerate(lines):
        y = at[1] + first_baseline() + LINE * index
        if line.bold:
            _two_weights(group, (at[0] + LEFT, y), line.bold, line.left, "start")
        else:
            text(group, (at[0] + LEFT, y), line.left, "small")
        text(group, (at[0] + BOX_WIDTH - RIGHT, y), line.right, "small", "end")
        if line.marked:
            mark(group, (at[0] + BOX_WIDTH - RIGHT - mark_width(), y))


def mark_width() -> float:
    return width(MARK, 11, bold=True) + 8


def mark(parent: Element, at: Point) -> None:
    """Adds the mark of fake quantization, its text's baseline at a point."""
    rect(parent, (at[0], at[1] - 11.5), (mark_width(), 15), "mark", 3)
    text(parent, (at[0] + mark_width() / 2, at[1]), MARK, "small", "middle")


def layer_title(layer: Layer) -> str:
    """All that is known of a layer, in one line."""
    trained, able = layer.trained
    aware = f"trained with fake quantization{f' ({trained} of {able} layers)' if trained < able else ''}"
    parts = [
        f"{layer.kind} {layer.name}",
        layer.detail,
        f"output {layer.shape}",
        f"{layer.parameters:,} parameters" if layer.parameters else "no parameters",
        f"{layer.macs:,} multiply-accumulates" if layer.macs else "",
        type_text(layer),
        f"also reads {', '.join(layer.ports)}" if layer.ports else "",
        aware if trained else "",
    ]
    return "; ".join(filter(None, parts))


def line(parent: Element, made: Line, offset: Point) -> None:
    """Adds a line with round bends and an arrow at its end."""
    points = [(x + offset[0], y + offset[1]) for x, y in made.points]
    SubElement(parent, "path", {"class": _c("line"), "d": _rounded(points)})
    (ax, ay), (x, y) = points[-2:]
    distance = hypot(x - ax, y - ay) or 1.0
    ux, uy = (x - ax) / distance, (y - ay) / distance
    length, half = _ARROW
    tip = [(x, y), (x - ux * length - uy * half, y - uy * length + ux * half)]
    tip.append((x - ux * length + uy * half, y - uy * length - ux * half))
    SubElement(parent, "path", {"class": _c("arrow"), "d": f"M{' L'.join(f'{px(a)} {px(b)}' for a, b in tip)} Z"})
    if made.times > 1:
        text(parent, (x + 8, y - 5), f"{made.times} times", "small")


def _two_weights(parent: Element, at: Point, bold: str, plain: str, anchor: str) -> None:
    made = SubElement(parent, "text", {"x": px(at[0]), "y": px(at[1]), "text-anchor": anchor})
    strong = SubElement(made, "tspan", {"class": _c("bold")})
    strong.text = f"{bold} " if bold else ""
    strong.tail = plain


def _rounded(points: Sequence[Point]) -> str:
    parts = [f"M{px(points[0][0])} {px(points[0][1])}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        start, end = _towards(corner, before), _towards(corner, after)
        parts.append(f"L{px(start[0])} {px(start[1])} Q{px(corner[0])} {px(corner[1])} {px(end[0])} {px(end[1])}")
    parts.append(f"L{px(points[-1][0])} {px(points[-1][1])}")
    return " ".join(parts)


def _towards(corner: Point, other: Point) -> Point:
    distance = hypot(other[0] - corner[0], other[1] - corner[1]) or 1.0
    share = min(_ROUND, distance / 2) / distance
    return corner[0] + (other[0] - corner[0]) * share, corner[1] + (other[1] - corner[1]) * share


def _c(kind: str) -> str:
    return f"{PREFIX}-{kind}"
