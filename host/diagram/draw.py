"""The drawing of a model: its networks where they compute, the split between them, and what the colours mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from host.diagram import svg
from host.diagram.blocks import Layer, read_blocks
from host.diagram.legend import LINE, draw_legend, legend, variant_notes
from host.diagram.lines import SIZE
from host.diagram.panel import STRIP, Panel, draw_panel, draw_split, judging_panel, network_panel
from host.diagram.shapes import network_shapes
from host.diagram.split import DEVICE, PLACES, WORKSTATION, Split
from host.errors import SpecError
from host.spec.types import Spec
from host.svg.text import fitted

if TYPE_CHECKING:
    from host.tasks.task import Task

_DEFAULTS = ("int8_qat", "int8")  # variants that are drawn where none is named: the first that there is
_MARGIN = 20
_HEAD = 66  # above the panels
_NARROWEST = 640.0


def network_drawing(task: Task, spec: Spec, variant: str | None = None) -> str:
    """A model's networks as the text of an SVG file: layers, shapes, types, and where they are split.

    The same model gives the same text. It stands alone as a file, and inside an HTML page as it is: it has no ids,
    loads nothing, and styles nothing else. Keras is loaded; of the model only the spec is read.

    Args:
        variant: whose types are shown; None for int8_qat, or int8 where the spec does not train that.

    Raises:
        SpecError: no such variant, or Keras refuses a layer.
    """
    networks = task.networks(spec)
    split = task.split(spec, networks)
    name = drawn_variant(split, spec, variant)
    panels: list[Panel] = []
    layers: list[Layer] = []
    outputs: dict[str, tuple[str, ...]] = {}
    for part in split.parts:
        network = networks[part.network]
        shapes = network_shapes(network, outputs[part.reads] if part.reads else (), part.margin)
        outputs[part.network] = shapes[network.layers[-1].name]
        blocks = read_blocks(spec, part, network, shapes, split.variants[name])
        layers += [layer for block in blocks for layer in block.layers]
        panels.append(network_panel(part, blocks, [tensor.name for tensor in network.inputs[1:]]))
    if split.judged:
        panels.append(judging_panel(split))
    panels.sort(key=lambda panel: PLACES.index(panel.place))
    return _page(spec.name, variant_notes(spec, name, split.variants[name]), panels, split, legend(layers))


def drawn_variant(split: Split, spec: Spec, variant: str | None) -> str:
    """The variant that is drawn; raises SpecError for one that the spec does not have."""
    default = next((each for each in _DEFAULTS if each in split.variants), next(iter(split.variants)))
    if variant is not None and variant not in split.variants:
        raise SpecError(f"{spec.name}: no variant {variant!r}; available: {', '.join(split.variants)}")
    return variant or default


def _page(name: str, notes: list[str], panels: list[Panel], split: Split, lines: list[tuple[str, str]]) -> str:
    corners, x = [], float(_MARGIN)
    for before, panel in zip([None, *panels], panels, strict=False):
        if before:
            x += STRIP if (before.place, panel.place) == (DEVICE, WORKSTATION) else _MARGIN
        corners.append((x, float(_HEAD)))
        x += panel.width
    height = max(panel.height for panel in panels)
    below = _HEAD + height + 34
    size = max(x + _MARGIN, _NARROWEST), below + LINE * (len(lines) + len(notes) - 1)
    room = size[0] - 2 * _MARGIN
    drawing = svg.root(size, ". ".join([f"Networks of {name}", notes[0], *notes[1:-1]]))
    svg.text(drawing, (_MARGIN, 30), name, "head")
    svg.text(drawing, (_MARGIN, 51), fitted(notes[0], SIZE, room))
    placed = list(zip(panels, corners, strict=True))
    for panel, corner in placed:
        draw_panel(drawing, panel, corner, height)
    for sender, receiver in zip(placed, placed[1:], strict=False):
        if (sender[0].place, receiver[0].place) == (DEVICE, WORKSTATION):
            draw_split(drawing, split, sender, receiver, height)
    draw_legend(drawing, lines, notes[1:], (_MARGIN, below), room)
    return svg.as_text(drawing)
