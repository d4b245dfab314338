"""How a line is drawn: its colour, its dashes and its markers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from host.charts.chart import WIDTH
from host.charts.elements import Place, line, marker
from host.charts.frame import Entry
from host.charts.style import Look

DASHED = "6 4"
FAINT_DASHES = ("", "8 3", "2 3", "8 3 2 3", "4 3", "14 4")
RADIUS, SMALL = 4.5, 3.5  # pixels, of markers at points and of those along a line
_MARKS = 5  # along a line whose points are not marked


@dataclass(frozen=True)
class Stroke:
    """How a line is drawn.

    Attributes:
        look: colour and shape; None for a thin grey line.
        dash: as `stroke-dasharray`; empty for a solid line.
        hollow: its markers.
    """

    look: Look | None
    dash: str = ""
    hollow: bool = False

    @property
    def css(self) -> str:
        return self.look.css if self.look else "sc-faint"

    def path(self, places: Sequence[Place]) -> str:
        """The line."""
        dash = f' stroke-dasharray="{self.dash}"' if self.dash else ""
        return f'<path class="{"sc-line" if self.look else "sc-thin"}" d="{line(places)}"{dash}/>'

    def mark(self, at: Place = (0, 0), radius: float = SMALL) -> str:
        """A marker."""
        return marker(self.look or Look("currentColor", "circle"), radius, at, hollow=self.hollow)

    def marks(self, places: Sequence[Place], share: float) -> str:
        """A few markers along a line, for those who do not see its colour; none on a thin grey one.

        Args:
            share: from 0 to 1, where between two of them the first is: it keeps those of several lines apart.
        """
        if len(places) == 1:
            return self.mark(places[0])
        chosen = {int((at + share) / _MARKS * len(places)) for at in range(_MARKS)} if self.look else set()
        return "".join(self.mark(places[at]) for at in sorted(chosen))

    def entry(self, name: str) -> Entry:
        """Its entry in a legend."""
        sample = self.path([(-12, 0), (12, 0)]) + (self.mark() if self.look else "")
        return Entry(name, self.css, sample, 12)


def thinned(places: Sequence[Place]) -> Sequence[Place]:
    """The lowest and the highest place of each two columns of pixels: what the eye sees of thousands."""
    if len(places) <= WIDTH:
        return places
    columns: dict[int, list[int]] = {}
    for at, (x, _) in enumerate(places):
        columns.setdefault(int(x / 2), []).append(at)
    kept = {0, len(places) - 1}
    for members in columns.values():
        kept |= {min(members, key=lambda at: places[at][1]), max(members, key=lambda at: places[at][1])}
    return [places[at] for at in sorted(kept)]
