"""A comparison of runs as plain text of at most 80 columns."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from host.comparison.comparability import Difference, Key
from host.comparison.compare import Comparison, Comparisons
from host.comparison.compared_row import FASTER, MACHINE, SLOWER, ComparedRow
from host.comparison.effects import Interval
from host.reporting.columns import WIDTH, clip, wrapped

_NAME = 14
_COLUMNS = (("baseline", "ms", 9), ("run", "ms", 9), ("ratio", "", 7), ("interval", "", 14), ("sees", "%", 6))


def comparison_text(found: Comparisons) -> str:
    """Each run against the baseline: what differs about them, a table for each model, and how to read it."""
    blocks = [_comparison_lines(comparison, found) for comparison in found.comparisons]
    if any(row.plain for comparison in found.comparisons for row in comparison.rows):
        blocks.append(_notes(found))
    return "\n\n".join("\n".join(lines) for lines in blocks)


def _comparison_lines(comparison: Comparison, found: Comparisons) -> list[str]:
    lines = [f"baseline  {found.baseline}", f"run       {comparison.run_id}"]
    lines = [clip(line, WIDTH) for line in lines]
    if comparison.refused:
        return lines + wrapped(f"refused: {comparison.refused}")
    if comparison.emulated:
        lines += wrapped("Both runs were emulated. Their times are the emulator's, not a speed.")
    lines += [line for difference in comparison.differences for line in _difference_line(difference)]
    lines += _machine_lines(comparison)
    for model, threads in dict.fromkeys((row.model, row.threads) for row in comparison.rows):
        title = f"{model}, {threads} thread{'s' * (threads > 1)}, {found.stage}"
        rows = [row for row in comparison.rows if (row.model, row.threads) == (model, threads)]
        lines += ["", clip(title, WIDTH), *_heading(found.confidence), *_rows(rows)]
    if not comparison.rows:
        lines += ["", "No row is in both runs."]
    for side, keys in comparison.only.items():
        if keys:
            lines += ["", *wrapped(f"only in the {side}: {_keys(keys)}")]
    return lines


def _difference_line(difference: Difference) -> list[str]:
    return wrapped(f"differs: {difference.what}: {_value(difference.baseline)} -> {_value(difference.run)}")


def _machine_lines(comparison: Comparison) -> list[str]:
    lines = []
    if comparison.temperatures_c:
        said = (f"{side} {low:.0f} to {high:.0f}" for side, (low, high) in comparison.temperatures_c.items())
        lines += wrapped(f"temperature (C): {', '.join(said)}")
    if comparison.rows:
        lines += wrapped(_loop_sentence(comparison))
    compared = [(row.baseline, row.run) for row in comparison.rows if row.baseline and row.run]
    for side, name in enumerate(("baseline", "run")):
        unstable = sum(bool(pair[side].unstable) for pair in compared)
        if unstable:
            lines += wrapped(f"unstable in the {name}: {unstable} of {len(compared)} rows; --json says why")
    return lines


def _loop_sentence(comparison: Comparison) -> str:
    loop = comparison.loop
    if loop is None:
        return "A run has no times of the fixed loop, so nothing tells whether the machine's own speed changed."
    ran = f"fixed loop ran {loop.ratio:.2f}x as long" + (f" ({_interval(loop.interval)})" if loop.interval else "")
    if comparison.same_loop:
        return f"The machine's {ran}."
    if comparison.same_machine:
        return f"Python or numpy changed and the {ran}, so it does not tell whether the machine's speed changed."
    return f"Another machine: its {ran}. Nothing is divided by that."


def _heading(confidence: float) -> list[str]:
    columns = [
        (f"{100 * confidence:g} % {title}" if title == "interval" else title, *rest) for title, *rest in _COLUMNS
    ]
    return [
        " " * _NAME + "".join(f"{title:>{width}}" for title, _, width in columns) + "  verdict",
        (" " * _NAME + "".join(f"{unit:>{width}}" for _, unit, width in columns)).rstrip(),
    ]


def _rows(rows: Sequence[ComparedRow]) -> list[str]:
    reasons = {row.reason for row in rows}
    if len(rows) == 1 or len(reasons) > 1 or reasons == {None}:
        return [line for row in rows for line in [_row(row), *_notes_of_row(row, row.reason)]]
    # A reason that all rows share is printed once.
    lines = [line for row in rows for line in [_row(row), *_notes_of_row(row, None)]]
    return lines + wrapped(f"all rows: {rows[0].reason}")


def _row(row: ComparedRow) -> str:
    cells = [_milliseconds(side.median_ns) if side else "-" for side in (row.baseline, row.run)]
    if row.plain:
        percent = 100 * (row.smallest_effect or 0)
        sees = f"{percent:.1f}" if percent < 100 else f"{percent:.0f}"
        cells += [f"{row.plain.ratio:.3f}", _interval(row.plain.interval), sees]
    else:
        cells += ["-"] * 3
    text = "".join(f"{cell:>{width}}" for cell, (_, _, width) in zip(cells, _COLUMNS, strict=True))
    return f"{clip(row.variant, _NAME - 1):<{_NAME}}{text}  {row.verdict}"


def _notes_of_row(row: ComparedRow, reason: str | None) -> list[str]:
    notes = [reason] if reason else []
    if row.delegates:
        notes.append(f"delegate {row.delegates[0]} -> {row.delegates[1]}")
    indent = " " * _NAME
    return [
        line
        for note in notes
        for line in textwrap.wrap(note, WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)
    ]


def _notes(found: Comparisons) -> list[str]:
    rows = [row for comparison in found.comparisons for row in comparison.rows]
    lines = [
        "Ratio: median of the run divided by median of the baseline. Interval: from resampling processes, not single"
        f" encodes. {found.tested_rows} rows were compared. The chance that any unchanged one of them is called"
        f" different is at most {100 * (1 - found.confidence):g} %. For that, a verdict also needs the rank-sum"
        " interval of the processes' medians, corrected for the number of rows, to leave out 1.",
        "Sees: the smallest difference that would have been found. A smaller one may still be there.",
    ]
    if any(row.divided for row in rows):
        lines.append(
            "One machine made both runs. A row is called different only if its times differ, and also its times divided"
            " by those of the machine's fixed loop."
        )
    if any(row.verdict == MACHINE for row in rows):
        lines.append(
            "Machine changed: the speed of the machine itself changed, which hides the network's. Measure again."
        )
    if any(row.verdict in (SLOWER[1], FASTER[1]) for row in rows):
        lines.append("Longer, shorter: times of the emulator.")
    return [line for text in lines for line in wrapped(text)]


def _milliseconds(nanoseconds: float) -> str:
    # Four digits that say something: a stage may take microseconds, a whole encode seconds.
    value = nanoseconds / 1e6
    digits = 3 - math.floor(math.log10(value)) if value else 3
    return f"{value:.{min(6, max(0, digits))}f}"


def _interval(interval: Interval) -> str:
    return "..".join(f"{end:.3f}" if end < 10 else f"{end:.1f}" for end in interval)


def _keys(keys: Iterable[Key]) -> str:
    return ", ".join(
        f"{model} {variant}" + (f" ({threads} threads)" * (threads > 1)) for model, variant, threads in keys
    )


def _value(value: Any) -> str:
    if value is None:
        return "not told"
    text = str(value)
    # Of a digest the beginning is enough to tell two apart.
    return text[:12] if len(text) == 64 and not text.strip("0123456789abcdef") else text
