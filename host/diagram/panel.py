"""A panel for each network, named for where it computes, and the split between the device and the workstation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from xml.etree.ElementTree import Element, SubElement

from host.diagram import svg
from host.diagram.blocks import Block, totals
from host.diagram.column import Line, Point
from host.diagram.lines import SIZE, SMALL, block_lines, layer_height
from host.diagram.network import Laid, lay_out
from host.diagram.split import WORKSTATION, Part, Split
from host.diagram.style import PREFIX
from host.svg.text import width

STRIP = 190  # between device and workstation
_PADDING = 18  # beside the boxes
_TITLES = 62  # above the boxes
_BELOW = 34  # the boxes, for the line that leaves them
_SENT = 154, 18  # what is sent: width, and height of a line
_NARROWEST = 200


@dataclass(frozen=True)
class Panel:
    """A network, or what is done where none computes; `titles` are two lines."""

    place: str
    titles: tuple[str, str]
    laid: Laid

    @property
    def width(self) -> float:
        words = width(self.titles[0], SIZE + 1, bold=True), width(self.titles[1], SMALL)
        return 2 * _PADDING + max(self.laid.width, _NARROWEST, *words)

    @property
    def height(self) -> float:
        return _TITLES + self.laid.height + _BELOW

    def inside(self, corner: Point) -> Point:
        """Where its boxes begin: in its middle."""
        return corner[0] + (self.width - self.laid.width) / 2, corner[1] + _TITLES


def network_panel(part: Part, blocks: Sequence[Block], ports: Sequence[str]) -> Panel:
    """The panel of a network.

    Args:
        ports: names of its further inputs.
    """
    parameters, macs = totals(blocks)
    costs = f"{parameters:,} parameters" + (f", {macs:,} multiply-accumulates" if macs else "")
    source = replace(blocks[0], shape=" and ".join([blocks[0].shape, *ports]))
    return Panel(part.place, (f"{part.place}: {part.network}", costs), lay_out([source, *blocks[1:]]))


def judging_panel(split: Split) -> Panel:
    """The workstation where no network computes."""
    return Panel(WORKSTATION, (WORKSTATION, "no network"), lay_out([Block((), "", split.judged)]))


def draw_panel(parent: Element, panel: Panel, corner: Point, height: float) -> None:
    """Adds a panel with its boxes.

    Args:
        height: of all panels.
    """
    group = SubElement(parent, "g", {"role": "group", "aria-label": panel.titles[0]})
    svg.rect(group, corner, (panel.width, height), "panel", 8)
    svg.text(group, (corner[0] + _PADDING, corner[1] + 24), panel.titles[0], "bold")
    svg.text(group, (corner[0] + _PADDING, corner[1] + 41), panel.titles[1], "small")
    offset = panel.inside(corner)
    for line in panel.laid.lines:
        svg.line(group, line, offset)
    for placed in panel.laid.placed:
        block = placed.block
        if not block.layers:
            said = f"continued from {block.title}" if placed.again else f"input {block.title}"
            svg.pill(group, placed, offset, f"{said}; {block.shape}" if block.title else block.shape)
            continue
        y = offset[1] + placed.y
        for number, (layer, lines) in enumerate(zip(block.layers, block_lines(block), strict=True)):
            svg.layer_box(group, (offset[0] + placed.x, y), layer, lines, joined=number > 0)
            y += layer_height(lines)


def draw_split(
    parent: Element, split: Split, before: tuple[Panel, Point], after: tuple[Panel, Point], height: float
) -> None:
    """Adds the line between device and workstation, what is sent across it, and its way.

    Args:
        before, after: the panels beside it, and their left upper corners.
    """
    (sender, corner), (receiver, other) = before, after
    left = corner[0] + sender.width
    middle = (left + other[0]) / 2
    head = receiver.laid.placed[0]
    into = receiver.inside(other)
    at = into[1] + head.y + head.height / 2
    SubElement(
        parent,
        "line",
        {"class": f"{PREFIX}-split", "x1": f"{middle:g}", "x2": f"{middle:g}"}
        | {"y1": f"{corner[1]:g}", "y2": f"{corner[1] + height:g}"},
    )
    offset = sender.inside(corner)
    start = sender.laid.exit[0] + offset[0], sender.laid.exit[1] + offset[1]
    size = float(_SENT[0]), 12.0 + _SENT[1] * len(split.sent)
    box = middle - size[0] / 2, at - 14
    low = offset[1] + sender.laid.height + _BELOW / 2
    beside = middle - size[0] / 4  # not on the line of the split
    path = start, (start[0], low), (beside, low), (beside, box[1] + size[1])
    svg.line(parent, Line(path), (0, 0))
    svg.line(parent, Line(((box[0] + size[0], at), (into[0] + head.x, at))), (0, 0))
    group = svg.titled(parent, f"sent from the device to the workstation: {', '.join(split.sent)}")
    svg.rect(group, box, size, "pill", 6)
    for index, words in enumerate(split.sent):
        place = middle, box[1] + 18 + _SENT[1] * index
        svg.text(group, place, words, "small" if index else "bold", "middle")
    if not split.judged:
        svg.text(parent, (middle - 10, corner[1] + 24), "split", "bold", "end")
