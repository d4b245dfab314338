"""Numbers as the documents write them, and Markdown tables of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def markdown(titles: Sequence[str], rows: Iterable[Sequence[str]], numbers_from: int | None = None) -> str:
    """A table; the columns from `numbers_from` on stand to the right."""
    first = len(titles) if numbers_from is None else numbers_from
    lines = [titles, ["---" if place < first else "---:" for place in range(len(titles))], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def number(value: float | None, digits: int, divisor: float = 1) -> str:
    """A number with so many decimals, after division by `divisor`; "-" for None."""
    return "-" if value is None else f"{value / divisor:.{digits}f}".replace("-", "−")


def percent(value: float, digits: int = 1) -> str:
    """Per cent with its sign."""
    return f"{value:+.{digits}f} %".replace("-", "−")


def fewer(value: float) -> str:
    """Per cent in words: fewer where it is negative, else more."""
    return f"{abs(value):.1f} % {'fewer' if value < 0 else 'more'}"
