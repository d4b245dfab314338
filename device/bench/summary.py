"""What a person wants to know at the end of a run: the fastest, the smallest, what to distrust, and where to go on."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ..run_file import Run, RunRow, pooled_samples
from ..statistics import mean, percentile
from ..verdict import judge
from .table import WIDTH

_LABEL = 10
_BASE = "float32"  # what times are set beside
_FEW = 3  # models that have a line each


def summary(run: Run) -> list[str]:
    """Lines for "fastest", "smallest" and "stable", the first two for each of a few models; then what failed."""
    models: dict[str, list[RunRow]] = {}
    for row in run.rows:
        if row.ok:
            models.setdefault(row.model, []).append(row)
    several = len(run.settings.threads) > 1
    lines: list[str] = []
    for label, choose, text in (("fastest", _fastest, _speed_text), ("smallest", _smallest, _size_text)):
        if len(models) > _FEW:
            lines += _line(label, _counted([choose(rows) for rows in models.values()]))
            continue
        for place, (model, rows) in enumerate(models.items()):
            name = f"{model} " if len(models) > 1 else ""
            best = choose(rows)
            lines += _line("" if place else label, f"{name}{_name(best, several)}, {text(best, rows)}")
    lines += _stable([row for rows in models.values() for row in rows], run.environment)
    for row in run.rows:
        if row.ok and row.failures:
            count = f"{len(row.failures)} of {len(row.failures) + len(row.processes)} processes"
            lines += _line("failed", f"{row.model} {_name(row, several)}: {count}: {row.failures[0].error}")
        elif not row.ok:
            lines += _line("failed", f"{row.model} {_name(row, several)}: {row.error}")
    return lines


def _fastest(rows: Sequence[RunRow]) -> RunRow:
    return min(rows, key=_median_ms)


def _speed_text(best: RunRow, rows: Sequence[RunRow]) -> str:
    """The median, beside that of float32 with as many threads."""
    base = next((row for row in rows if (row.variant, row.threads) == (_BASE, best.threads)), best)
    beside = "" if base is best else f" ({_BASE} {_time(_median_ms(base))})"
    return f"{_time(_median_ms(best))} an image{beside}"


def _smallest(rows: Sequence[RunRow]) -> RunRow:
    """By what is sent; where all rows send as much, by the network's file; of equal ones the fastest."""
    if len({_sent(row) for row in rows}) > 1:
        return min(rows, key=lambda row: (_sent(row), _median_ms(row)))
    return min(rows, key=lambda row: (row.sizes["network_bytes"], _median_ms(row)))


def _size_text(best: RunRow, rows: Sequence[RunRow]) -> str:
    if len({_sent(row) for row in rows}) > 1:
        return f"{_bytes(_sent(best))} sent an image"
    also = f"; every variant sends {_bytes(_sent(best))} an image" if len(rows) > 1 else ""
    return f"network of {_bytes(best.sizes['network_bytes'])}{also}"


def _counted(rows: Sequence[RunRow]) -> str:
    """How often each family of variants was chosen: "int8 in 5 models, int8_qat in 3"."""
    counts = Counter(row.family for row in rows).most_common()
    return ", ".join(f"{family} in {count}{' models' * (not place)}" for place, (family, count) in enumerate(counts))


def _stable(rows: Sequence[RunRow], environment: Mapping[str, Any]) -> list[str]:
    """How many rows have times that can be trusted, and the most frequent reason against others."""
    against: dict[str, list[str]] = {}
    stable = 0
    for row in rows:
        found = judge(row, environment)
        stable += not found
        for reason in found:  # "load of others 1.7" and "load of others 1.9" are one kind
            against.setdefault(re.split(r" *\d", reason)[0], []).append(reason)
    if not rows:
        return _line("stable", "no row: nothing worked")
    if not against:
        return _line("stable", "all rows")
    kinds = sorted(against.values(), key=len, reverse=True)
    more = f", and {len(kinds) - 1} more reason{'s' * (len(kinds) > 2)}" if kinds[1:] else ""
    return _line("stable", f"{stable} of {len(rows)} rows; against the others: {kinds[0][0]}{more}")


def _line(label: str, text: str) -> list[str]:
    indent = " " * _LABEL
    return textwrap.wrap(text, WIDTH, initial_indent=f"{label:<{_LABEL}}", subsequent_indent=indent)


def _name(row: RunRow, several: bool) -> str:
    return f"{row.variant} ({row.threads} thread{'s' * (row.threads > 1)})" if several else row.variant


def _sent(row: RunRow) -> float:
    return mean(row.sizes["bitstream_bytes"])


def _median_ms(row: RunRow) -> float:
    return percentile(pooled_samples(row), 50) / 1e6


def _time(milliseconds: float) -> str:
    digits = 3 if milliseconds < 10 else 2 if milliseconds < 100 else 0
    return f"{milliseconds:.{digits}f} ms"


def _bytes(count: float) -> str:
    return f"{count:.0f} bytes" if count < 10_000 else f"{count / 1e3:.1f} kB"
