"""A network's boxes and lines: one column, or several where a long network can be cut between two rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from host.diagram.blocks import Block
from host.diagram.column import GAP, Item, Line, Point, place, row_heights, rows_of
from host.diagram.lines import BOX_WIDTH, LEFT, LINE, SIZE, block_lines, layer_height
from host.svg.text import width

_HIGHEST = 760  # pixels of a column; a longer network is cut
_BESIDE = 44  # between columns, for the line that goes on


@dataclass(frozen=True)
class Placed:
    """A block, an input, or what a cut continues; x and y of its left upper corner."""

    block: Block
    x: float
    y: float
    width: float
    height: float
    again: bool = False  # stands for a block of the column before


@dataclass(frozen=True)
class Laid:
    """Attributes:
    exit: the middle of the lower end of its output.
    """

    width: float
    height: float
    placed: tuple[Placed, ...]
    lines: tuple[Line, ...]
    exit: Point


def lay_out(blocks: Sequence[Block]) -> Laid:
    """Places a network's blocks, which each stand after what they read."""
    items = [Item(*_size(block), block.sources) for block in blocks]
    rows = rows_of(items)
    placed: list[Placed] = []
    lines: list[Line] = []
    x, height, bottom, last = 0.0, 0.0, 0.0, (0.0, 0.0)
    for index, (start, end) in enumerate(_columns(items, rows)):
        chosen = [each for each in range(len(items)) if start <= rows[each] < end]
        outside = [source for each in chosen for source in items[each].sources if source not in chosen]
        again = outside[:1]  # a cut is where all that goes on is from one block
        every = again + chosen
        stand = [Block((), _last_name(blocks[each]), blocks[each].shape) for each in again]
        shown = [*stand, *(blocks[each] for each in chosen)]
        column = place(
            [Item(*_size(block), ()) for block in stand]
            + [Item(*_size(blocks[i]), tuple(every.index(source) for source in items[i].sources)) for i in chosen]
        )
        x += _BESIDE if index else 0
        for number, (block, (left, top)) in enumerate(zip(shown, column.places, strict=True)):
            placed.append(Placed(block, x + left, top, *_size(block), again=number < len(again)))
        lines += [Line(tuple((x + a, b) for a, b in line.points), line.times) for line in column.lines]
        if index:
            lines.append(Line(_onward(last, placed[-len(shown)], bottom, x)))
        output = placed[-1]
        last = output.x + output.width / 2, output.y + output.height
        x += column.width
        bottom, height = column.height, max(height, column.height)
    return Laid(x, height, tuple(placed), tuple(lines), last)


def _onward(start: Point, target: Placed, bottom: float, x: float) -> tuple[Point, ...]:
    """From the end of a column to the head of the next one, up between them."""
    between, middle = x - _BESIDE / 2, target.y + target.height / 2
    return start, (start[0], bottom + GAP / 2), (between, bottom + GAP / 2), (between, middle), (target.x, middle)


def _columns(items: Sequence[Item], rows: Sequence[int]) -> list[tuple[int, int]]:
    """First row and the row after the last one, of each column."""
    heights = row_heights(items, rows)

    def high(start: int, end: int) -> float:
        return sum(heights[start:end]) + GAP * (end - start - 1)

    rest = len(heights)
    wanted = high(0, rest) / max(1, -(-high(0, rest) // _HIGHEST))
    cuts = [row for row in range(1, rest) if _may_cut(items, rows, row)]
    found, start = [], 0
    while start < rest:
        later = [cut for cut in cuts if cut > start] if high(start, rest) > _HIGHEST else []
        # No column for a box or two.
        fair = [cut for cut in later if min(high(start, cut), high(cut, rest)) > wanted / 4]
        end = min(fair, key=lambda cut: abs(high(start, cut) - wanted), default=rest)
        found.append((start, end))
        start = end
    return found


def _may_cut(items: Sequence[Item], rows: Sequence[int], row: int) -> bool:
    """Whether all that rows from this one on read of those above is the one block in the row before."""
    read = {source for i, item in enumerate(items) if rows[i] >= row for source in item.sources if rows[source] < row}
    return len(read) == 1 and rows[next(iter(read))] == row - 1


def _size(block: Block) -> tuple[float, float]:
    if not block.layers:
        return min(BOX_WIDTH, width(f"{block.title} {block.shape}", SIZE) + 2 * LEFT), LINE + 12
    return BOX_WIDTH, sum(map(layer_height, block_lines(block)))


def _last_name(block: Block) -> str:
    return block.layers[-1].name if block.layers else block.title
