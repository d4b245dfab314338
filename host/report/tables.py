"""The report's tables as texts: a short one a model, and everything else."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from host.drawing import axis_title
from host.report.entries import Entry, Evaluated
from host.report.places import Place
from host.report.sources import ModelSources
from host.reporting.columns import (
    ACTUAL,
    COSTS,
    DEVICE,
    IN_FLOAT32,
    LATENT,
    NETWORK,
    NOMINAL,
    RATES,
    STREAM,
    Column,
    cell,
    file_columns,
    interval_columns,
    judged_columns,
    metric_columns,
    size_text,
)
from host.reporting.evaluations import agreement_words
from host.reporting.training import minutes, training_rows
from host.results import Row

TIME = "time (ms)"  # the title of the column that follows the chosen place
_JUDGING = 2  # metrics of a short table; all are in the one below


@dataclass(frozen=True)
class Table:
    """A table as texts; what was not measured, or does not apply, is empty.

    Attributes:
        columns: titles with their units.
        rows: their names first.
        note: what a reader must know of it, sentences.
        of_model: whether its rows are rows of the model, by their names.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    of_model: bool = False


def short_columns(model: ModelSources) -> list[Column]:
    """The columns of a short table after the row's name and the loss: quality, ratio, time and size."""
    rows = [entry.row for entry in model.entries]
    ratio = (
        ACTUAL if any("actual" in row.ratios for row in rows) else next(iter(file_columns(rows, gzipped=False)), None)
    )
    return [*metric_columns(model.judging[:_JUDGING]), *([ratio] if ratio else []), DEVICE, NETWORK]


def short_table(model: ModelSources, entries: Sequence[Entry], place: Place | None) -> Table:
    """The seven columns: row, loss, quality, compression ratio, time and size."""
    columns = short_columns(model)
    loss = ("loss",) if model.loss else ()
    rows = [(entry.name, *(_loss(model, entry) for _ in loss), *_cells(columns, at(entry, place))) for entry in entries]
    titles = ("variant", *loss, *map(column_title, columns))
    return Table("In short", titles, tuple(rows), _place_note(place), of_model=True)


def all_table(model: ModelSources, place: Place | None) -> Table:
    """Every row with every column that some row has a value in."""
    found = [at(entry, place) for entry in model.entries]
    rates = [LATENT, STREAM, IN_FLOAT32, *RATES[1:]] if any("actual" in row.ratios for row in found) else []
    columns = [*judged_columns(model.metrics, found), *rates, *COSTS, *file_columns(found)]
    table = _table("All rows", [(row.row, row) for row in found], columns, _place_note(place), _verdicts(found))
    return replace(table, of_model=True)


def device_table(model: ModelSources, place: Place, doubts: Mapping[str, str]) -> Table | None:
    """Percentiles, memory and bytes at one place, a row for each variant that was measured there.

    Args:
        doubts: by variant, why its times may not come out again, or "stable".
    """
    timed = {each.name: each for each in model.entries if place in each.times and each.row.row == each.row.variant}
    if not timed:
        return None
    rows = [(name, *_device_cells(entry, place), doubts.get(name, "")) for name, entry in timed.items()]
    columns: tuple[str, ...] = (
        "variant",
        "median (ms)",
        "95 % interval (ms)",
        "mean (ms)",
        "p90 (ms)",
        "encodes",
        "processes",
    )
    columns += ("peak memory (MB)", "memory of load (MB)", "numbers beside this machine's", "run", "stability")
    note = (
        "The interval is of the median over processes. Memory: of the worker processes, the largest peak, and the "
        "median of what loading the network added. Peak memory is of the whole process with its interpreter."
    )
    return _without_empty(Table(f"On {place.text}", columns, tuple(rows), note))


def training_table(model: ModelSources) -> Table | None:
    """Epochs and wall time of each training, and what its kept weights reached in validation."""
    rows = training_rows(model.training)
    if not rows:
        return None
    shown = [each for each in model.metrics if any(each.key in row.validation for row in rows)]
    columns = ("training", "epochs", "best epoch", "wall time", *(f"validation {axis_title(each)}" for each in shown))
    body = [
        (
            row.stage,
            *(blank(value, 0) for value in (row.epochs, row.best_epoch)),
            "" if row.seconds is None else minutes(row.seconds),
            *(blank(row.validation.get(each.key), each.digits) for each in shown),
        )
        for row in rows
    ]
    return _without_empty(Table("Trainings: epochs and wall time", columns, tuple(body)))


def other_table(other: Evaluated) -> Table:
    """An evaluation on other images."""
    result = other.result
    columns = [*metric_columns(result.metrics), STREAM, ACTUAL]
    title = f"On other images: {result.source}"
    note = f"{result.images} images of {size_text(result.image_shapes)} pixels ({other.file.name})."
    return _table(title, [(row.row, row) for row in result.rows], columns, note)


def csv_text(models: Sequence[ModelSources]) -> str:
    """Every row at every place as CSV, all digits, units in the names; what is not known is empty."""
    metrics = dict.fromkeys(metric for model in models for metric in model.metrics)
    rows = [entry.row for model in models for entry in model.entries]
    judged = [*metric_columns(metrics), *interval_columns(metrics, rows)]
    columns = list(
        {each.key: each for each in (*judged, LATENT, IN_FLOAT32, *RATES, *COSTS, *file_columns(rows))}.values()
    )
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    head = ("model", "loss", "row", "variant", "family", "quality", "decoder")
    where = ("device", "runtime", "threads", "emulated", "pixels", "coder", "run_id")
    writer.writerow([*head, *(each.key for each in columns), "verdict", *where, "source", "error"])
    for model in models:
        for entry in model.entries:
            for place in (*entry.times,) or (None,):
                row = at(entry, place)
                timed = entry.times.get(place) if place else None
                run = timed.run.run.run_id if timed and timed.run else None
                of: tuple[object, ...] = (None,) * (len(where) - 1)
                if place and timed:
                    of = (place.device, timed.latency.runtime, place.threads, place.emulated, place.pixels)
                    of = (*of, timed.latency.coder)
                names = (model.name, model.loss, row.row, row.variant, row.family, row.quality, row.decoder)
                values = [each.value(row) for each in columns]
                writer.writerow([*names, *values, row.verdict, *of, run, row.source, row.error])
    return buffer.getvalue()


def at(entry: Entry, place: Place | None) -> Row:
    """The row with the times of one place."""
    if place is None or place not in entry.times:
        return entry.row
    timed = entry.times[place]
    latency = {**entry.row.latency, "device": timed.latency}
    return replace(entry.row, latency=latency, memory=timed.memory, threads=place.threads)


def column_title(column: Column) -> str:
    """The title of a column with its unit, for people."""
    if column is ACTUAL:
        return "compression ratio"
    if column is NOMINAL:
        return "ratio of the codes"
    if column is IN_FLOAT32:
        return "ratio of a float32 latent"
    if column is STREAM:
        return "bitstream (bytes)"
    if column.key.startswith("ratio_"):
        return f"times smaller than {column.title} {column.unit}"
    if column is DEVICE:
        return TIME
    if column is NETWORK:
        return "size (kB)"
    if column.unit == "95 %":
        return "95 % interval"
    files = {"decoder_kb": "decoder (kB)", "full_kb": "full (kB)", "network_gzip_kb": "gzipped (kB)"}
    return files.get(column.key) or (f"{column.title} ({column.unit})" if column.unit else column.title)


def blank(value: float | None, digits: int) -> str:
    """A number with its digits; nothing for one that is not known."""
    return "" if value is None else cell(value, digits)


def _table(
    title: str, rows: Sequence[tuple[str, Row]], columns: Iterable[Column], note: str = "", more: Texts = None
) -> Table:
    shown = [each for each in columns if any(each.value(row) is not None for _, row in rows)]
    body = [(name, *_cells(shown, row), *([more[1](row)] if more else [])) for name, row in rows]
    errors = [f"{name}: {' '.join(row.error.split())}." for name, row in rows if row.error]
    titles = ("row", *map(column_title, shown), *([more[0]] if more else []))
    return Table(title, titles, tuple(body), " ".join(filter(None, [note, *errors])))


Texts = tuple[str, Callable[[Row], str]] | None


def _verdicts(rows: Sequence[Row]) -> Texts:
    return ("verdict", lambda row: row.verdict or "") if any(row.verdict for row in rows) else None


def _cells(columns: Iterable[Column], row: Row) -> list[str]:
    return [each.text(row) for each in columns]


def _loss(model: ModelSources, entry: Entry) -> str:
    return model.loss or "" if entry.is_variant else ""


def _place_note(place: Place | None) -> str:
    if place is None:
        return "Nothing was timed."
    return f"Times: median of the whole work on one image on {place.text}."


def _device_cells(entry: Entry, place: Place) -> tuple[str, ...]:
    timed = entry.times[place]
    time, memory = timed.latency, timed.memory
    before, after, peak = (memory.get(f"{key}_bytes") for key in ("rss_before_load", "rss_after_load", "peak_rss"))
    ends = time.median_interval_ns
    loaded = None if before is None or after is None else (after - before) / 1e6
    return (
        cell(time.median_ns / 1e6, 3),
        f"{cell(ends[0] / 1e6, 3)} to {cell(ends[1] / 1e6, 3)}" if ends else "",
        *(cell(value / 1e6, 3) for value in (time.mean_ns, time.p90_ns)),
        *(blank(value, 0) for value in (time.n, time.processes)),
        blank(None if peak is None else peak / 1e6, 1),
        blank(loaded, 1),
        agreement_words(timed.agreement) if timed.agreement else "",
        timed.run.run.run_id if timed.run else "",
    )


def _without_empty(table: Table) -> Table:
    """Without the columns in which no row has a text."""
    kept = [index for index in range(len(table.columns)) if not index or any(row[index] for row in table.rows)]
    rows = tuple(tuple(row[index] for index in kept) for row in table.rows)
    return replace(table, columns=tuple(table.columns[index] for index in kept), rows=rows)
