"""The look of every table in the terminal: at most 80 columns, the name first, titles above their units."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

WIDTH = 80
NAME = 17
EMULATED = "emulated, not speed"

Column = tuple[str, str, int]  # title, unit, width
THREADS: Column = ("threads", "", 8)  # there only where numbers of threads differ


def cell(value: float | None, digits: int, divisor: float = 1) -> str:
    """A number with its digits; "-" for one that is not known."""
    return "-" if value is None else f"{value / divisor:.{digits}f}"


def clip(text: str, width: int) -> str:
    """At most `width` characters; a tilde says that some are missing."""
    return text if len(text) <= width else text[: width - 1] + "~"


def title_lines(columns: Sequence[Column]) -> list[str]:
    """The columns' titles and, below, their units."""
    return [
        row_line("row", [title for title, _, _ in columns], columns),
        row_line("", [unit for _, unit, _ in columns], columns),
    ]


def row_line(name: str, values: Sequence[str], columns: Sequence[Column]) -> str:
    """A row: its name, then each value under its title."""
    text = f"{clip(name, NAME - 1):<{NAME}}"
    return (text + "".join(f"{value:>{width}}" for value, (_, _, width) in zip(values, columns, strict=True))).rstrip()


def failed_lines(name: str, error: str) -> list[str]:
    """A row that says why there are no values."""
    lines = textwrap.wrap(f"failed: {' '.join(error.split())}", WIDTH - NAME)
    return [f"{clip(name, NAME - 1) if index == 0 else '':<{NAME}}{line}" for index, line in enumerate(lines)]


def wrapped(text: str, indent: str = "") -> list[str]:
    """A sentence as lines; those after the first are indented further. Paths and options stay whole."""
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ", break_on_hyphens=False)
