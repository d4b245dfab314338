"""What an axis shows, and the texts of its values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LOG_SPREAD = 10  # largest to smallest; above, a linear axis would press the small ones into one place


LARGEST = 1e15  # of what has a place: above, a double has no decimals, and no ticks tell two values apart


def drawable(value: float) -> bool:
    """Whether a value can have a place on an axis: a finite number of a size that people read."""
    return -LARGEST < value < LARGEST


@dataclass(frozen=True)
class Axis:
    """An axis.

    Attributes:
        title: what is shown, such as "PSNR".
        unit: such as "dB"; empty for a plain number.
        digits: decimals of values in texts.
        log: logarithmic or not; None decides by the values, see `is_log`.
        higher_is_better: which end is good; None where neither is.
    """

    title: str
    unit: str = ""
    digits: int = 2
    log: bool | None = None
    higher_is_better: bool | None = None

    @property
    def heading(self) -> str:
        return f"{self.title} ({self.unit})" if self.unit else self.title

    def number(self, value: float) -> str:
        """A value without its unit; two digits that say something where the decimals would show only zeros."""
        small = value and abs(value) < 0.5 * 10**-self.digits
        return f"{value:.2g}" if small else f"{value:,.{self.digits}f}"

    def text(self, value: float) -> str:
        """A value with its unit."""
        return f"{self.number(value)} {self.unit}" if self.unit else self.number(value)

    def is_log(self, values: Sequence[float]) -> bool:
        """Whether an axis with these values is logarithmic; never where one of them is not above zero."""
        if not values or not all(drawable(value) and value > 0 for value in values) or self.log is False:
            return False
        return bool(self.log) or max(values) > LOG_SPREAD * min(values)
