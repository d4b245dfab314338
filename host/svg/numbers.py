"""Numbers of pixels in an SVG file."""

from __future__ import annotations


def px(value: float) -> str:
    """A place or a length with at most one decimal; finer ones cannot be seen and make files large."""
    text = f"{value:.1f}"
    text = text[:-2] if text.endswith(".0") else text
    return "0" if text == "-0" else text
