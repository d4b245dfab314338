"""The final table as plain text of at most 80 columns for the terminal, and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from host.reporting.columns import EMULATED, THREADS, WIDTH, Column, cell, clip, failed_lines, row_line, title_lines
from host.reporting.rows import ReportRow, one_per_name

# In the order of `cells`.
_QUALITY: tuple[Column, ...] = (
    ("loss", "", 7),
    ("PSNR", "dB", 8),
    ("SSIM", "", 9),
    ("ratio", "nominal", 9),
    ("ratio", "actual", 9),
)
_COSTS: tuple[Column, ...] = (
    ("encode", "ms", 9),
    ("decode", "ms", 9),
    ("full", "ms", 9),
    ("encoder", "MB", 9),
    ("decoder", "MB", 9),
    ("full", "MB", 9),
)


def final_text(rows: Sequence[ReportRow]) -> list[str]:
    """The final table for the terminal: for each model a block of quality and rate, and one of times and sizes."""
    lines: list[str] = []
    for model in dict.fromkeys(row.model for row in rows):
        mine = [row for row in rows if row.model == model]
        lines += [clip(model, WIDTH), *title_lines(_QUALITY)]
        lines += [
            row_line(row.row, cells(row)[: len(_QUALITY)], _QUALITY)
            for row in one_per_name(row for row in mine if row.quality)
        ]
        for row in mine:
            if row.error:
                lines += failed_lines(row.row, f"{threads_prefix(row, mine)}{row.error}")
        lines += ["", *_costs_text(mine), ""]
    return lines


def final_csv(rows: Iterable[ReportRow]) -> str:
    """The final table as CSV, all digits, units in the names; what is not known is empty."""
    titles = [
        "model",
        "row",
        "threads",
        "loss",
        "psnr_db",
        "ssim",
        "ratio_nominal",
        "ratio_actual",
        "encoder_device_median_ms",
        "encoder_device_emulated",
        "decoder_workstation_median_ms",
        "full_workstation_median_ms",
        "encoder_mb",
        "decoder_mb",
        "full_mb",
        "latent_bytes",
        "payload_bytes",
        "bitstream_bytes",
        "bpp",
        "quality_from",
        "quality_images",
        "error",
    ]
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(titles)
    parts = ("encoder", "decoder", "full")
    for row in rows:
        writer.writerow(
            [
                row.model,
                row.row,
                row.threads,
                row.loss,
                row.psnr_db,
                row.ssim,
                row.ratio_nominal,
                row.ratio_actual,
                row.milliseconds("encoder"),
                row.emulated,
                *(row.milliseconds(part) for part in parts[1:]),
                *(row.megabytes(part) for part in parts),
                row.latent_bytes,
                row.payload_bytes,
                row.bitstream_bytes,
                row.bpp,
                row.quality,
                row.images,
                row.error,
            ]
        )
    return buffer.getvalue()


def cells(row: ReportRow) -> list[str]:
    """The final table's cells after the row's name: loss, PSNR, SSIM, two ratios, three times, three sizes."""
    parts = ("encoder", "decoder", "full")
    return [
        row.loss or "-",
        cell(row.psnr_db, 2),
        cell(row.ssim, 4),
        cell(row.ratio_nominal, 2),
        cell(row.ratio_actual, 2),
        *(cell(row.milliseconds(part), 3) for part in parts),
        *(cell(row.megabytes(part), 3) for part in parts),
    ]


def threads_prefix(row: ReportRow, rows: Iterable[ReportRow]) -> str:
    """ "2 threads: " where rows of several numbers of threads must be told apart, else nothing."""
    several = len({other.threads for other in rows} - {None}) > 1
    return f"{row.threads} thread{'' if row.threads == 1 else 's'}: " if several and row.threads else ""


def _costs_text(rows: Sequence[ReportRow]) -> list[str]:
    timed = [row for row in rows if any(entry != "-" for entry in cells(row)[len(_QUALITY) :])]
    several = len({row.threads for row in timed} - {None}) > 1
    columns = [*([THREADS] if several else []), *_COSTS]
    emulated = f", {EMULATED}" if any(row.emulated for row in timed) else ""
    lines = [f"encode: on the device{emulated}; decode, full: on the workstation", *title_lines(columns)]
    for row in timed:
        threads = [cell(row.threads, 0)] if several else []
        lines.append(row_line(row.row, [*threads, *cells(row)[len(_QUALITY) :]], columns))
    return lines
