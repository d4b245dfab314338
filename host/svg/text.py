"""The font, and how wide a text is at most: as in DejaVu Sans, wider than most fonts. An SVG file cannot ask."""

from __future__ import annotations

FONT = "system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', Arial, sans-serif"

# Letters by their width in em, rounded up; capitals and other letters below.
_WIDTHS = {"ijl": 0.29, " .,:;'!|/()frt": 0.41, "csz_-": 0.56, "×wM<>=+~#&": 0.87, "mW@%…": 1.0}
_EMS = {letter: ems for letters, ems in _WIDTHS.items() for letter in letters}
_CAPITAL, _OTHER = 0.7, 0.64
_BOLD = 1.13


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Pixels that a text of a font size takes, rather too many."""
    ems = sum(_EMS.get(each) or (_CAPITAL if each.isupper() else _OTHER) for each in text)
    return ems * size * (_BOLD if bold else 1.0)


def fitted(text: str, size: float, room: float, *, bold: bool = False) -> str:
    """The text, or as much of its beginning as fits, and an ellipsis."""
    if width(text, size, bold=bold) <= room:
        return text
    while text and width(f"{text}…", size, bold=bold) > room:
        text = text[:-1]
    return f"{text}…"
