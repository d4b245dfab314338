"""From values to places: the range that an axis shows, and its ticks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, log10

from host.charts.axis import Axis

_BESIDE = 0.05  # of the range, free beside the outermost values
_EQUAL = 1e-9  # of the values
_TICK = 52  # pixels from one tick to the next, at least


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
    low, high = 0.0 if zero else min(values), max(values)
    low, high = _widened_log(low, high, tight) if is_log else _widened(low, high, tight)
    return Scale(low, high, start, end, is_log, _ticks(low, high, is_log, abs(end - start), axis.digits == 0))


def _widened_log(low: float, high: float, tight: bool) -> tuple[float, float]:
    factor = max(high / low, 2.0) ** (_BESIDE if not tight or high == low else 0.0)
    return low / factor, high * factor


def _widened(low: float, high: float, tight: bool) -> tuple[float, float]:
    if high - low <= _EQUAL * max(abs(low), abs(high)):  # rounding errors are no range
        beside = abs(high) * _BESIDE or 1.0
    else:
        beside = 0.0 if tight else (high - low) * _BESIDE
    # Numbers that are not negative get no negative ground.
    return 0.0 if 0 <= low < beside else low - beside, high + beside


@lru_cache(maxsize=1024)
def _ticks(low: float, high: float, is_log: bool, length: float, whole: bool) -> tuple[tuple[float, str], ...]:
    from matplotlib.ticker import LogLocator, MaxNLocator  # takes its time to load

    room = length / _TICK
    if is_log:
        decades = log10(high / low)
        subs = (1.0, 2.0, 5.0) if decades * 3 <= room else (1.0, 3.0) if decades * 2 <= room else (1.0,)
        found = [float(value) for value in LogLocator(subs=subs).tick_values(low, high) if low <= value <= high]
        if len(found) > 1:
            return tuple((value, tick_text(value, max(0, ceil(-log10(value) - 1e-9)))) for value in found)
    locator = MaxNLocator(max(2, min(8, round(room))), steps=[1, 2, 2.5, 5, 10], integer=whole)
    slack = (high - low) * 1e-9
    found = [float(value) for value in locator.tick_values(low, high) if low - slack <= value <= high + slack]
    step = found[1] - found[0] if len(found) > 1 else 1.0
    decimals = next(each for each in range(13) if each == 12 or abs(round(step, each) - step) < step * 1e-6)
    return tuple((value, tick_text(value, decimals)) for value in found)


def tick_text(value: float, decimals: int) -> str:
    """A tick's text; short for large and for tiny numbers, so that an upright axis stays narrow."""
    for power, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= max(power, 1e4):
            return f"{value / power:.6g}{name}"
    if 0 < abs(value) < 1e-3:
        return f"{value:.3g}"
    return f"{value:.{decimals}f}"
