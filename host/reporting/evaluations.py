"""What `host collect` and `host evaluate` print: tables, and how the device's numbers agree with this machine's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from host.reporting.columns import (
    ACTUAL,
    DECODE,
    DEVICE,
    EMULATED,
    IN_FLOAT32,
    LATENT,
    NETWORK,
    NOMINAL,
    NOTHING,
    STREAM,
    Column,
    column_groups,
    file_note,
    named,
    place_text,
    size_text,
    table,
    verdict_lines,
    wrapped,
)
from host.results import Agreement, CollectedRun, Result, Row


def run_text(run: CollectedRun) -> str:
    """A collected run for the terminal: its device, runtime and id, then the table of each model."""
    heading = [f"run {run.run_id}, {run.started_at}", f"device {place_text(run)}", *run.notes]
    blocks = ["\n".join(line for text in heading for line in wrapped(text))]
    for result in run.results:
        blocks.append("\n".join([result_text(result), *agreement_lines(result, run.host)]))
    return "\n\n".join(blocks)


def result_text(result: Result) -> str:
    """One result as a table for the terminal; a row that could not be evaluated is a line that says why."""
    title = f"{result.model}: means of {result.images} images of {size_text(result.image_shapes)} pixels"
    lines = [*wrapped(title), *_shared(result.rows)]
    if any(time.emulated for row in result.rows for time in row.latency.values()):
        lines.append(f"times: {EMULATED}")
    rows = result.rows
    lines += table(column_groups(result.metrics, (STREAM, ACTUAL), (DEVICE, DECODE, NETWORK), rows), named(rows))
    return "\n".join([*lines, *file_note(rows), *verdict_lines(rows)])


def agreement_lines(result: Result, host: Mapping[str, str]) -> list[str]:
    """Lines that say how far the device's numbers are from this machine's; none where nobody looked.

    Args:
        host: "machine" and "runtime" of this machine.
    """
    said = agreements(result)
    if not said:
        return []
    where = ", ".join(host[key] for key in ("machine", "runtime") if key in host)
    here = f"this machine's{f' ({where})' if where else ''}"
    if list(said) == ["equal"]:
        return wrapped(f"outputs: equal to {here}")
    if len(said) == 1:
        return wrapped(f"outputs, beside {here}: {next(iter(said))}")
    lines = [f"{', '.join(dict.fromkeys(names))}: {words}" for words, names in said.items()]
    return [*wrapped(f"outputs, beside {here}:"), *(line for text in lines for line in wrapped(text, "  "))]


def agreements(result: Result) -> dict[str, list[str]]:
    """What the rows' agreements say, and of which variants."""
    said: dict[str, list[str]] = {}
    for row in result.rows:
        if row.agreement:
            said.setdefault(agreement_words(row.agreement), []).append(row.variant or row.row)
    return said


def agreement_words(agreement: Agreement) -> str:
    """What a row's agreement says."""
    if agreement.not_compared:
        return f"not compared: {agreement.not_compared}"
    if not agreement.differing:
        return "equal"
    share = f"{agreement.differing} of {agreement.count} ({100 * agreement.differing / agreement.count:.2f} %)"
    return f"{share} differ, by at most {agreement.largest_step:g}"


def _shared(rows: Sequence[Row]) -> list[str]:
    """What all rows have in common."""
    latent, nominal, in_float32 = (_only(column, rows) for column in (LATENT, NOMINAL, IN_FLOAT32))
    if not latent or not nominal:
        return []
    # Results from before this ratio have none.
    return [f"latent: {latent} bytes, nominal ratio {nominal}{f'; in float32 {in_float32}' if in_float32 else ''}"]


def _only(column: Column, rows: Sequence[Row]) -> str | None:
    found = {column.cell(row) for row in rows} - {NOTHING}
    return found.pop() if len(found) == 1 else None
