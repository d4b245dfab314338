"""What stands in a block, line by line, and how high that makes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from host.diagram.blocks import Block, Layer
from host.quantization.placement import Types
from host.svg.text import fitted, width

BOX_WIDTH = 264
LINE = 16
SIZE = 12  # of the font, in pixels; of the first line
SMALL = 11
MARK = "FQ"  # of layers that were trained with fake quantization
LEFT, RIGHT = 16, 10  # from the sides of a box to its text
_ABOVE, _BELOW = 6, 7  # from a layer's text to its upper and lower end
_BETWEEN = 12  # of two texts in one line, at least
_INSIDE = BOX_WIDTH - LEFT - RIGHT


@dataclass(frozen=True)
class TextLine:
    """One line: words to the left, of which the first may be bold, and to the right."""

    bold: str
    left: str
    right: str
    marked: bool = False  # with MARK at its right end


def label(types: Types) -> str:
    """Types in one or two words, as recipes name them."""
    if types.weights in ("", types.activations):
        return types.activations
    if (types.weights, types.activations) == ("int8", "int16"):
        return "int16x8"
    return f"{types.weights} weights"


def layer_lines(layer: Layer, head: Layer) -> list[TextLine]:
    """What a box says.

    Args:
        head: the first layer of its block; others say only what does not hold for that one too.
    """
    first, differs = layer is head, _activations(layer) != _activations(head)
    trained, able = layer.trained
    mark = width(f" {MARK} ", SMALL, bold=True) + _BETWEEN if trained else 0
    bold = fitted(layer.kind, SIZE, _INSIDE - mark, bold=True)
    room = _INSIDE - mark - width(f"{bold} ", SIZE, bold=True)
    name = fitted(layer.name, SIZE, room) if room > 3 * SIZE else ""
    parameters = f"{layer.parameters:,} parameter{'s' * (layer.parameters != 1)}" if layer.parameters else ""
    texts = [(layer.detail, type_text(layer)), (layer.shape, parameters)] if layer.detail and first else []
    texts = texts or ([(layer.shape, type_text(layer)), ("", parameters)] if first else [(layer.detail, parameters)])
    if not first and differs:
        texts.insert(0, ("", type_text(layer)))
    if layer.ports:
        texts.append((f"also reads {', '.join(layer.ports)}", ""))
    if 0 < trained < able:
        texts.append((f"{MARK}: {trained} of {able}", ""))
    lines = [TextLine(bold, name, "", bool(trained))]
    for left, right in texts:
        lines += _wrapped(left, right)
    return lines


def type_text(layer: Layer) -> str:
    """The types of a layer; how many layers of an application have them where they differ."""
    several = len(layer.types) > 1
    return ", ".join(f"{count} × {label(types)}" if several else label(types) for types, count in layer.types)


def layer_height(lines: list[TextLine]) -> int:
    """Pixels."""
    return _ABOVE + LINE * len(lines) + _BELOW


def block_lines(block: Block) -> list[list[TextLine]]:
    """The lines of each of its layers."""
    return [layer_lines(layer, block.layers[0]) for layer in block.layers]


def first_baseline() -> int:
    """Pixels from a layer's upper end to its first line."""
    return _ABOVE + SIZE


def _activations(layer: Layer) -> set[str]:
    return {types.activations for types, _ in layer.types}


def _wrapped(left: str, right: str) -> Iterator[TextLine]:
    """Two texts in one line, or in two where that is too narrow; nothing for no text."""
    if width(left, SMALL) + width(right, SMALL) + _BETWEEN <= _INSIDE:
        if left or right:
            yield TextLine("", left, right)
        return
    yield TextLine("", fitted(left, SMALL, _INSIDE), "")
    yield TextLine("", "", fitted(right, SMALL, _INSIDE))
