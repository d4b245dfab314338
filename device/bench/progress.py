"""Progress of long work on stderr: one changing line on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time

_QUIET_S = 10.0


class Progress:
    """Counts steps; use it with `with`, so that its line is wiped whatever happens."""

    def __init__(self, steps: int, seconds: float | None = None) -> None:
        """`steps`: how many there will be; `seconds`: how long they will take, as far as that is known."""
        self._steps, self._seconds = steps, seconds
        self._done = 0
        self._begun = self._told = time.monotonic()

    def step(self, text: str) -> None:
        """Says that the next step begins."""
        self._done += 1
        now = time.monotonic()
        line = f"{self._done}/{self._steps} {text}"
        left = (self._seconds or 0) - (now - self._begun)
        if left >= 1:
            line += f", about {duration(left)} left"
        if sys.stderr.isatty():
            print(f"\r\x1b[K{line[:79]}", end="", file=sys.stderr, flush=True)
        elif now - self._told > _QUIET_S:
            self._told = now
            print(line, file=sys.stderr, flush=True)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *error: object) -> None:
        if sys.stderr.isatty():
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def duration(seconds: float) -> str:
    """A length of time for a person: "40 s", "12 min", "2 h 05 min"."""
    if seconds < 100:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d} min"
