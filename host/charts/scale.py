"""From values to places: the range that an axis shows, and its ticks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, isfinite, log10

from host.charts.axis import Axis

_BESIDE = 0.05  # of the range, free beside the outermost values


@dataclass(frozen=True)
class Scale:
    """A range of values on a range of pixels.

    Attributes:
        low, high: the values at both ends.
        start, end: their places in pixels; `end` lies above (below) `start` where the axis runs upwards.
        is_log: logarithmic.
        ticks: values and their texts, rising.
    """

    low: float
    high: float
    start: float
    end: float
    is_log: bool
    ticks: tuple[tuple[float, str], ...]

    def at(self, value: float) -> float:
        """The place of a value in pixels."""
        low, high = self._plain(self.low), self._plain(self.high)
        return self.start + (self._plain(value) - low) / (high - low) * (self.end - self.start)

    def moved(self, start: float, end: float) -> Scale:
        """The same values on other pixels."""
        return Scale(self.low, self.high, start, end, self.is_log, self.ticks)

    def _plain(self, value: float) -> float:
        return log10(value) if self.is_log else value


def scale(
    axis: Axis, values: Sequence[float], start: float, end: float, *, zero: bool = False, tight: bool = False
) -> Scale:
    """The scale that shows all values.

    Args:
        values: finite, at least one.
        zero: begin at zero, linear: for lengths, such as those of bars.
        tight: leave nothing free beside the values: for time.
    """
    is_log = axis.is_log(values) and not zero
    low, high = (0.0, max(values)) if zero else (min(values), max(values))
    low, high = _widened(low, high, is_log, 0.0 if tight else _BESIDE, zero)
    return Scale(low, high, start, end, is_log, _ticks(low, high, is_log, abs(end - start)))


def _widened(low: float, high: float, is_log: bool, share: float, zero: bool) -> tuple[float, float]:
    if is_log:
        factor = max(high / low, 1.5) ** max(share, 0.001)
        return low / factor, high * factor
    if low == high:
        share, high = 0.0 if zero else 1.0, high + (abs(high) * 0.05 or 1.0)
        return (low - (high - low) * share, high)
    beside = (high - low) * share
    # Numbers that cannot be negative get no negative ground.
    begin = low if zero or 0 <= low < beside else low - beside
    return (0.0 if 0 <= low < beside else begin), high + beside


@lru_cache(maxsize=1024)
def _ticks(low: float, high: float, is_log: bool, length: float) -> tuple[tuple[float, str], ...]:
    from matplotlib.ticker import LogLocator, MaxNLocator  # takes its time to load

    if is_log:
        decades = log10(high / low)
        subs = (1.0, 2.0, 5.0) if decades * 3 <= length / 55 else (1.0, 3.0) if decades * 2 <= length / 55 else (1.0,)
        found = [float(value) for value in LogLocator(subs=subs).tick_values(low, high) if low <= value <= high]
        if len(found) >= 2:
            return tuple((value, tick_text(value, 0 if value >= 1 else ceil(-log10(value) - 1e-9))) for value in found)
    locator = MaxNLocator(max(2, min(7, round(length / 70))), steps=[1, 2, 2.5, 5, 10])
    slack = (high - low) * 1e-9
    found = [float(value) for value in locator.tick_values(low, high) if low - slack <= value <= high + slack]
    if is_log:
        found = [value for value in found if value > 0]
    step = found[1] - found[0] if len(found) > 1 else abs(found[0]) if found else 1.0
    decimals = next((each for each in range(12) if abs(round(step, each) - step) < step * 1e-6), 12) if step else 0
    return tuple((value, tick_text(value, decimals)) for value in found)


def tick_text(value: float, decimals: int) -> str:
    """A tick's text: thousands and millions in short, so that ticks stay narrow."""
    if (isfinite(value) and abs(value) >= 1e4) or decimals > 6:
        for power, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
            if abs(value) >= power:
                return f"{value / power:g}{name}"
        return f"{value:.3g}"
    return f"{value:.{decimals}f}"
