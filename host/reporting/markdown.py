"""The report's tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from host.reporting.rows import ReportRow
from host.reporting.sources import number
from host.reporting.tables import cell, cells
from host.reporting.training import TrainingRow, minutes


def final_markdown(rows: Iterable[ReportRow]) -> str:
    """The final table in Markdown."""
    titles = [
        "Model",
        "Loss",
        "PSNR (dB)",
        "SSIM",
        "Compression ratio (nominal / actual)",
        "Inference time (ms): encoder (device)",
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
        body.append([f"{row.model} {row.row}", loss, psnr, ssim, ratio, *rest])
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
    titles = [
        "Model",
        "Encode median (ms)",
        "mean",
        "p90",
        "n",
        "Peak memory (MB)",
        "Memory of load (MB)",
        "Latent (bytes)",
        "Bitstream (bytes)",
        "bpp",
    ]
    body = []
    for row in rows:
        if row.encoder_time is None or row.variant != row.row:
            continue
        before, after = (number(row.memory, f"rss_{when}_load_bytes") for when in ("before", "after"))
        body.append(
            [
                f"{row.model} {row.row}",
                *(cell(number(row.encoder_time, key), 3, 1e6) for key in ("median_ns", "mean_ns", "p90_ns")),
                cell(number(row.encoder_time, "n"), 0),
                cell(number(row.memory, "peak_rss_bytes"), 1, 1e6),
                cell(None if before is None or after is None else after - before, 1, 1e6),
                cell(row.latent_bytes, 0),
                cell(row.bitstream_bytes, 1),
                cell(row.bpp, 3),
            ]
        )
    return markdown(titles, body, left=1)


def markdown(titles: Sequence[str], body: Iterable[Sequence[str]], left: int) -> str:
    """A Markdown table; the first `left` columns are aligned left, the others right."""
    rule = ["---" if index < left else "---:" for index in range(len(titles))]
    rows = [titles, rule, *([entry.replace("|", "\\|") for entry in row] for row in body)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
