"""The final table: for the terminal, in short, as CSV and as Markdown."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from host.metrics import Metric
from host.reporting.columns import (
    ACTUAL,
    COSTS,
    DEVICE,
    EMULATED,
    LATENT,
    NETWORK,
    NOTHING,
    RATES,
    STREAM,
    Column,
    cell,
    column_groups,
    file_columns,
    file_note,
    interval_columns,
    judged_columns,
    markdown,
    metric_columns,
    named,
    size_text,
    table,
    verdict_lines,
    worded,
    wrapped,
)
from host.reporting.sources import ModelSources
from host.reporting.training import TrainingRow, minutes
from host.results import Latency, Row


def final_text(models: Sequence[ModelSources]) -> list[str]:
    """The final table for the terminal, a block for each model."""
    lines: list[str] = []
    for model in models:
        lines += wrapped(title(model))
        columns = column_groups(model.metrics, RATES, COSTS, model.rows)
        lines += [*table(columns, named(model.rows)), *file_note(model.rows), *verdict_lines(model.rows), ""]
    return lines + wrapped(_where([model.rows for model in models]))


def short_text(models: Sequence[ModelSources]) -> list[str]:
    """The final table in short: of each model the best, the fastest and the smallest of its variants."""
    lines: list[str] = []
    for metrics in dict.fromkeys(model.metrics for model in models if model.metrics):
        rows: list[tuple[str, Row | None]] = []
        for model in models:
            if model.metrics == metrics and (chosen := _chosen(model)):
                rows += [(title(model), None), *((f"  {name}", row) for name, row in chosen)]
        columns = worded((STREAM, ACTUAL, DEVICE, NETWORK), [row for _, row in rows if row])
        lines += [*table([[*metric_columns(metrics[:1]), *columns]], rows), ""]
    if failed := sum(row.error is not None for model in models for row in model.rows):
        lines += [f"{failed} {'row is' if failed == 1 else 'rows are'} incomplete; the report says why."]
    if best := ", ".join(dict.fromkeys(model.axis.title for model in models if model.axis)):
        text = "The report holds all variants, decoders and baselines."
        lines += wrapped(f"Best: in {best}; fastest: on the device; smallest: in bytes. {text}")
    return lines


def final_csv(models: Sequence[ModelSources]) -> str:
    """The final table as CSV, all digits, units in the names; what is not known is empty."""
    metrics = dict.fromkeys(metric for model in models for metric in model.metrics)
    rows = [row for model in models for row in model.rows]
    judged = [*metric_columns(metrics), *interval_columns(metrics, rows)]
    columns = list({each.key: each for each in (*judged, LATENT, *RATES, *COSTS, *file_columns(rows))}.values())
    verdict = ["verdict"] if any(row.verdict for row in rows) else []
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    names = ("model", "row", "variant", "family", "quality", "decoder", "threads")
    writer.writerow([*names, "loss", *(each.key for each in columns), *verdict, "emulated", "source", "error"])
    for model in models:
        for row in model.rows:
            values = [each.value(row) for each in columns]
            head = [model.name, row.row, row.variant, row.family, row.quality, row.decoder, row.threads, model.loss]
            writer.writerow([*head, *values, *([row.verdict] if verdict else []), _by(row), row.source, row.error])
    return buffer.getvalue()


def final_markdown(models: Sequence[ModelSources]) -> str:
    """The final table in Markdown; one for the models of each set of metrics."""
    blocks = []
    for metrics in dict.fromkeys(model.metrics for model in models):
        chosen = [model for model in models if model.metrics == metrics]
        rows = [(model, name, row) for model in chosen for name, row in named(model.rows)]
        found = [row for _, _, row in rows]
        columns = [*judged_columns(metrics, found), *RATES, *worded(COSTS, found), *file_columns(found)]
        columns = [each for each in columns if any(each.value(row) is not None for row in found)]
        verdict = ["Verdict"] if any(row.verdict for row in found) else []
        body = [
            [
                f"{model.name} {name}",
                model.loss if row.variant and model.loss else "-",
                *(each.cell(row) for each in columns),
                *([row.verdict or NOTHING] if verdict else []),
            ]
            for model, name, row in rows
        ]
        titles = [_title(each, _emulated(found)) for each in columns]
        blocks.append(markdown(["Model", "Loss", *titles, *verdict], body, left=2))
    return "\n\n".join(blocks)


def device_markdown(models: Sequence[ModelSources]) -> str:
    """Times, memory and bytes on the device in Markdown, a row for each variant that was measured."""
    found = [
        (model.name, name, row)
        for model in models
        for name, row in named(model.rows)
        if "device" in row.latency and row.row == row.variant
    ]
    titles = [
        "Model",
        f"Median of one image (ms{_emulated(row for _, _, row in found)})",
        *("its 95 % interval", "mean", "p90", "n", "Processes", "Peak memory (MB)", "Memory of load (MB)"),
        *(_title(column) for column in (LATENT, STREAM)),
    ]
    return markdown(titles, [[f"{model} {name}", *_device_cells(row)] for model, name, row in found])


def training_markdown(rows: Iterable[tuple[str, TrainingRow]], metrics: Sequence[Metric]) -> str:
    """Epochs and wall time of (model, training) in Markdown."""
    rows = list(rows)
    shown = [each for each in metrics if any(each.key in row.validation for _, row in rows)]
    titles = ["Model", "Training", "Epochs", "Best epoch", "Wall time"]
    titles += [f"Validation {each.title}{f' ({each.unit})' if each.unit else ''}" for each in shown]
    body = [
        [
            *(model, row.stage, cell(row.epochs, 0), cell(row.best_epoch, 0)),
            "-" if row.seconds is None else minutes(row.seconds),
            *(cell(row.validation.get(each.key), each.digits) for each in shown),
        ]
        for model, row in rows
    ]
    return markdown(titles, body, left=2)


def title(model: ModelSources) -> str:
    """The model, its loss, and the images that its quality is from."""
    loss = f" ({model.loss})" if model.loss else ""
    best = model.best
    return f"{model.name}{loss}: {best.source}, {best.images} images of {size_text(best.image_shapes)} pixels"


def _chosen(model: ModelSources) -> list[tuple[str, Row]]:
    """The variants that stand out, with why, by the numbers as they are printed; of a variant's decoders the best."""
    metric = model.metrics[0]

    def rank(row: Row) -> float:
        value = round(row.metrics[metric.key], metric.digits)
        return -value if metric.higher_is_better else value

    variants: dict[str, Row] = {}
    for row in model.judged():
        if row.variant and metric.key in row.metrics:
            variants[row.variant] = min(variants.get(row.variant, row), row, key=rank)
    reasons: dict[str, list[str]] = {name: [] for name in variants}
    # What is sent is no size of the image where it does not stand for it.
    size = STREAM if any("actual" in row.ratios for row in variants.values()) else NETWORK
    for word, column in (("best", None), ("fastest", DEVICE), ("smallest", size)):
        known = {
            name: float(column.cell(row)) if column else rank(row)
            for name, row in variants.items()
            if column is None or column.value(row) is not None
        }
        if known:
            # Of equal ones that which stands out already.
            reasons[min(known, key=lambda name: (known[name], not reasons[name]))].append(word)
    return [
        (f"{row.row} ({', '.join(reasons[name]) if len(reasons[name]) < 3 else 'best in all'})", row)
        for name, row in variants.items()
        if reasons[name]
    ]


def _where(tables: Sequence[Sequence[Row]]) -> str:
    """Where the columns of times were measured."""
    emulated = _emulated(row for rows in tables for row in rows)
    titles = dict.fromkeys(column.title for rows in tables for column in worded([DEVICE], rows))
    texts = {"encode": f"encode: on the device{emulated}", "device": f"device: all its work on one image{emulated}"}
    parts = [texts[title] for title in titles]
    if any(part in row.latency for rows in tables for row in rows for part in ("decoder", "full")):
        parts.append("decode, full: on the workstation")
    return "; ".join([*parts, "1 kB = 1000 bytes"])


def _device_cells(row: Row) -> list[str]:
    time: Latency = row.latency["device"]
    before, after, peak = (row.memory.get(f"{key}_bytes") for key in ("rss_before_load", "rss_after_load", "peak_rss"))
    ends = time.median_interval_ns
    loaded = None if before is None or after is None else (after - before) / 1e6
    return [
        cell(time.median_ns / 1e6, 3),
        f"{cell(ends[0] / 1e6, 3)} to {cell(ends[1] / 1e6, 3)}" if ends else "-",
        *(cell(value / 1e6, 3) for value in (time.mean_ns, time.p90_ns)),
        *(cell(value, 0) for value in (time.n, time.processes)),
        cell(None if peak is None else peak / 1e6, 1),
        cell(loaded, 1),
        *(column.cell(row) for column in (LATENT, STREAM)),
    ]


def _title(column: Column, emulated: str = "") -> str:
    if column.key.startswith("ratio_") and column not in RATES:
        return f"Times smaller than {column.title} {column.unit}"
    unit = f"{column.unit}{emulated if column.key == DEVICE.key else ''}"
    return column.title[0].upper() + column.title[1:] + (f" ({unit})" if unit else "")


def _by(row: Row) -> str | None:
    return row.latency["device"].emulated if "device" in row.latency else None


def _emulated(rows: Iterable[Row]) -> str:
    return f", {EMULATED}" if any(_by(row) for row in rows) else ""
