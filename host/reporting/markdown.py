"""The report's tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from host.reporting.columns import EMULATED, cell
from host.reporting.rows import ReportRow
from host.reporting.sources import number
from host.reporting.tables import cells, threads_prefix
from host.reporting.training import TrainingRow, minutes


def final_markdown(rows: Iterable[ReportRow]) -> str:
    """The final table in Markdown."""
    rows = list(rows)
    titles = [
        "Model",
        "Loss",
        "PSNR (dB)",
        "SSIM",
        "Compression ratio (nominal / actual)",
        f"Inference time (ms): encoder (device{_emulated(rows)})",
        "decoder (workstation)",
        "full (workstation)",
        "Model size (MB): encoder",
        "decoder",
        "full",
    ]
    body = []
    for row in rows:
        loss, psnr, ssim, nominal, actual, *rest = cells(row)
        ratio = "-" if nominal == actual == "-" else f"{nominal} / {actual}"
        body.append([_name(row, rows), loss, psnr, ssim, ratio, *rest])
    return markdown(titles, body, left=2)


def training_markdown(rows: Iterable[tuple[str, TrainingRow]]) -> str:
    """Epochs and wall time of (model, training) in Markdown."""
    titles = ["Model", "Training", "Epochs", "Best epoch", "Wall time", "Validation PSNR (dB)"]
    body = [
        [
            model,
            row.stage,
            cell(row.epochs, 0),
            cell(row.best_epoch, 0),
            "-" if row.seconds is None else minutes(row.seconds),
            cell(row.validation_psnr_db, 2),
        ]
        for model, row in rows
    ]
    return markdown(titles, body, left=2)


def device_markdown(rows: Iterable[ReportRow]) -> str:
    """Encode times, memory and bytes on the device in Markdown, a row for each encoder that was measured."""
    rows = [row for row in rows if row.encoder_time is not None and row.variant == row.row]
    titles = [
        "Model",
        f"Encode median (ms{_emulated(rows)})",
        "its 95 % interval",
        "mean",
        "p90",
        "n",
        "Processes",
        "Peak memory (MB)",
        "Memory of load (MB)",
        "Latent (bytes)",
        "Bitstream (bytes)",
        "bpp",
    ]
    body = []
    for row in rows:
        before, after = (number(row.memory, f"rss_{when}_load_bytes") for when in ("before", "after"))
        body.append(
            [
                _name(row, rows),
                cell(number(row.encoder_time, "median_ns"), 3, 1e6),
                _interval(row),
                *(cell(number(row.encoder_time, key), 3, 1e6) for key in ("mean_ns", "p90_ns")),
                *(cell(number(row.encoder_time, key), 0) for key in ("n", "processes")),
                cell(number(row.memory, "peak_rss_bytes"), 1, 1e6),
                cell(None if before is None or after is None else after - before, 1, 1e6),
                cell(row.latent_bytes, 0),
                cell(row.bitstream_bytes, 1),
                cell(row.bpp, 3),
            ]
        )
    return markdown(titles, body, left=1)


def _name(row: ReportRow, rows: Iterable[ReportRow]) -> str:
    threads = threads_prefix(row, (other for other in rows if other.model == row.model)).removesuffix(": ")
    return f"{row.model} {row.row}" + (f", {threads}" if threads else "")


def _emulated(rows: Iterable[ReportRow]) -> str:
    return f"; {EMULATED}" if any(row.emulated for row in rows) else ""


def _interval(row: ReportRow) -> str:
    ends = (row.encoder_time or {}).get("median_interval_ns")
    return f"{cell(ends[0], 3, 1e6)} to {cell(ends[1], 3, 1e6)}" if ends else "-"


def markdown(titles: Sequence[str], body: Iterable[Sequence[str]], left: int) -> str:
    """A Markdown table; the first `left` columns are aligned left, the others right."""
    rule = ["---" if index < left else "---:" for index in range(len(titles))]
    rows = [titles, rule, *([entry.replace("|", "\\|") for entry in row] for row in body)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
