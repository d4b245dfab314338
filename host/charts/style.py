"""Colours, markers and dashes by name, and the rules of style that a page includes once.

Every class begins with `sc-`: pages embed charts as they are. A page may set --sc-ink and --sc-paper for a theme that
does not follow the system's. Renderers of PDF know neither variables nor themes: what stands alone has plain colours.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from host.svg.colours import BLUE, DARK_INK, DARK_PAPER, GREEN, INK, ORANGE, PAPER, PURPLE, SKY, VERMILION
from host.svg.text import FONT

SIZE = 13  # pixels of the font: a chart shrinks on a phone, and its texts with it
_INK = "currentColor"
_GREY, _BROWN = "#8c8c8c", "#94701a"

# Okabe and Ito's colours, and others of middle lightness: all are seen on white and on black.
_OTHERS = ("#6b5bd0", "#b8436e", "#44aa99", "#a64fc0", "#7a8a1e")  # no known name has one
_COLOURS = (_INK, VERMILION, BLUE, GREEN, SKY, ORANGE, PURPLE, _GREY, _BROWN, *_OTHERS)
SHAPES = ("circle", "square", "diamond", "up", "down", "plus", "cross", "star", "hexagon")


@dataclass(frozen=True)
class Look:
    """How a name is drawn.

    Attributes:
        colour: as "#D55E00", or "currentColor" for ink, which is black on white and light in dark mode.
        shape: of its markers, one of `SHAPES`.
    """

    colour: str
    shape: str

    @property
    def css(self) -> str:
        """The class that sets the colour."""
        return f"sc-c{_COLOURS.index(self.colour)}"

    @property
    def is_dark(self) -> bool:
        """Whether white text is easier to read on it than black text."""
        red, green, blue = (int(self.colour[at : at + 2], 16) for at in (1, 3, 5)) if self.colour != _INK else (0, 0, 0)
        return 0.299 * red + 0.587 * green + 0.114 * blue < 125


# The hues of the report's plots.
_KNOWN = {
    "float32": Look(_INK, "circle"),
    "float16": Look(SKY, "down"),
    "dynamic_range": Look(ORANGE, "plus"),
    "int8": Look(VERMILION, "square"),
    "int16x8": Look(GREEN, "up"),
    "int8_qat": Look(BLUE, "diamond"),
    "jpeg": Look(PURPLE, "cross"),
    "webp": Look(_GREY, "star"),
    "pca": Look(_BROWN, "hexagon"),
}


def look(name: str) -> Look:
    """The look of a name: its own in every chart, whatever stands beside it."""
    return _KNOWN.get(name) or _drawn(name)


def looks(names: Iterable[str], *, by_colour: bool = True) -> dict[str, Look]:
    """Looks of what stands in one chart, none of them twice.

    Digests of two names may agree. The later one of the alphabet then gets another look, so that only the set of names
    matters. Known names keep theirs.

    Args:
        by_colour: colours differ, for lines and areas; otherwise colour or shape does, for markers.
    """
    wanted = list(dict.fromkeys(names))
    found: dict[str, Look] = {}
    for name in sorted(wanted, key=lambda each: (each not in _KNOWN, each)):
        own = look(name)
        taken = {each.colour for each in found.values()} if by_colour else set()
        colour = next((each for each in (own.colour, *_OTHERS, *_COLOURS[1:]) if each not in taken), own.colour)
        worn = {each.shape for each in found.values() if by_colour or each.colour == colour}
        shape = next((each for each in (own.shape, *SHAPES) if each not in worn), own.shape)
        found[name] = own if name in _KNOWN else Look(colour, shape)
    return {name: found[name] for name in wanted}


def _drawn(name: str) -> Look:
    digest, colour = divmod(int.from_bytes(sha256(name.encode(errors="replace")).digest()[:8], "big"), len(_OTHERS))
    return Look(_OTHERS[colour], SHAPES[digest % len(SHAPES)])


# @ink and @paper are replaced below.
_SHAPED = f"""
.sc{{font:{SIZE}px {FONT};max-width:100%;height:auto;overflow:visible}}
.sc text{{fill:currentColor;stroke:none}}
.sc-grid{{stroke:currentColor;stroke-opacity:.14;fill:none}}
.sc-axis{{stroke:currentColor;stroke-opacity:.5;fill:none}}
.sc-soft{{opacity:.72}}
.sc-line{{fill:none;stroke:currentColor;stroke-width:2;stroke-linejoin:round}}
.sc-thin{{fill:none;stroke:currentColor;stroke-width:1.2;stroke-opacity:.7}}
.sc-front{{fill:none;stroke:currentColor;stroke-opacity:.45;stroke-width:1.5}}
.sc-arrow{{fill:none;stroke:currentColor;stroke-width:1.3}}
.sc-hit{{fill:none;stroke:none;pointer-events:all}}
.sc-area{{fill:currentColor;fill-opacity:.35;stroke:currentColor}}
.sc-bar{{fill:currentColor}}
.sc-faint{{color:{_GREY}}}
.sc-faint .sc-thin{{stroke-opacity:1}}
.sc-dominated{{opacity:.45}}
.sc-dominated:hover,.sc-dominated:focus{{opacity:1}}
.sc-curve:hover .sc-line{{stroke-width:3.5}}
"""
_THEMED = """
.sc{color:@ink}
.sc-m{fill:currentColor;stroke:@paper;stroke-width:1}
.sc-h{fill:@paper;stroke:currentColor;stroke-width:2}
.sc-l{paint-order:stroke;stroke:@paper;stroke-width:3px;stroke-linejoin:round}
.sc text.sc-l{stroke:@paper}
.sc-paper{fill:@paper}
.sc-part{stroke:@paper}
.sc text.sc-on-ink{fill:@paper}
.sc-c0{color:@ink}
.sc [tabindex]:focus{outline:none}
.sc [tabindex]:focus-visible{outline:2px solid @ink;outline-offset:2px}
"""
_COLOURED = "".join(f".sc-c{at}{{color:{each}}}" for at, each in enumerate(_COLOURS) if at)
_ON = ".sc text.sc-on-dark{fill:#fff}.sc text.sc-on-light{fill:#000}"


def _themed(ink: str, paper: str) -> str:
    return _THEMED.replace("@ink", ink).replace("@paper", paper).replace("\n", "")


_SAME = _SHAPED.replace("\n", "") + _COLOURED + _ON
STYLE = (
    f".sc{{--sc-i:var(--sc-ink,{INK});--sc-p:var(--sc-paper,{PAPER})}}"
    f"@media (prefers-color-scheme:dark){{.sc{{--sc-i:var(--sc-ink,{DARK_INK});--sc-p:var(--sc-paper,{DARK_PAPER})}}}}"
    f"{_themed('var(--sc-i)', 'var(--sc-p)')}{_SAME}"
)
ALONE = f"{_themed(INK, PAPER)}{_SAME}@media (prefers-color-scheme:dark){{{_themed(DARK_INK, DARK_PAPER)}}}"
