"""Tables as plain text of at most 100 columns for the terminal, and as CSV."""

from __future__ import annotations

import csv
import io
import textwrap
from collections.abc import Iterable, Sequence

from host.reporting.rows import ReportRow
from host.reporting.sources import Json, number

WIDTH = 100
_NAME = 20

# Of one RESULT: title, unit, width, path in the row, divisor, digits.
_COLUMNS = (
    ("PSNR", "dB", 8, ("metrics", "psnr_db"), 1, 2),
    ("SSIM", "", 8, ("metrics", "ssim"), 1, 4),
    ("latent", "bytes", 8, ("sizes", "latent_bytes"), 1, 0),
    ("payload", "bytes", 9, ("sizes", "payload_bytes"), 1, 1),
    ("stream", "bytes", 9, ("sizes", "bitstream_bytes"), 1, 1),
    ("bpp", "", 7, ("metrics", "bpp"), 1, 3),
    ("ratio", "actual", 8, ("compression_ratio", "actual"), 1, 2),
    ("encode", "ms", 10, ("latency", "encoder", "median_ns"), 1e6, 3),
    ("encoder", "kB", 10, ("sizes", "encoder_bytes"), 1e3, 1),
)

# Of the final table: title above, unit below, width.
_FINAL = (
    ("loss", "", 6),
    ("PSNR", "dB", 7),
    ("SSIM", "", 8),
    ("ratio", "nominal", 8),
    ("ratio", "actual", 7),
    ("encode", "ms", 8),
    ("decode", "ms", 8),
    ("full", "ms", 8),
    ("encoder", "MB", 8),
    ("decoder", "MB", 8),
    ("full", "MB", 7),
)
_FINAL_NAME = 17


def evaluation_text(evaluation: Json) -> str:
    """A collected run for the terminal: its device, runtime and id, then `rows_text` of each model."""
    emulated = ", emulated (its times say nothing about speed)" if evaluation.get("emulated") else ""
    threads = evaluation.get("threads")
    heading = [
        f"run {evaluation.get('run_id', '?')}, {evaluation.get('started_at', 'no date')}",
        f"device {evaluation.get('device', '?')}{emulated}, {evaluation.get('runtime', '?')}"
        + (f", {threads} thread{'' if threads == 1 else 's'}" if threads else ""),
    ]
    blocks = ["\n".join(line for text in heading for line in textwrap.wrap(text, WIDTH))]
    return "\n\n".join([*blocks, *(rows_text(result) for result in evaluation["results"])])


def rows_text(result: Json) -> str:
    """One RESULT as a table for the terminal; a row that could not be evaluated is a line that says why."""
    title = f"{result['model']}: means of {result.get('images', '?')} images, codec tag {result.get('codec_tag', '?')}"
    lines = [
        clip(title, WIDTH),
        f"{'row':<{_NAME}}" + "".join(f"{column[0]:>{column[2]}}" for column in _COLUMNS),
        (" " * _NAME + "".join(f"{column[1]:>{column[2]}}" for column in _COLUMNS)).rstrip(),
    ]
    for row in result["rows"]:
        if "error" in row:
            lines += _reason(row["row"], row["error"], _NAME)
            continue
        values = [cell(number(row, *path), digits, divisor) for _, _, _, path, divisor, digits in _COLUMNS]
        lines.append(_line(row["row"], _NAME, values, [column[2] for column in _COLUMNS]))
    return "\n".join(lines)


def final_text(rows: Sequence[ReportRow]) -> list[str]:
    """The final table for the terminal, one block for each model."""
    widths = [width for _, _, width in _FINAL]
    lines: list[str] = []
    for model in dict.fromkeys(row.model for row in rows):
        lines += [
            clip(model, WIDTH),
            _line("row", _FINAL_NAME, [title for title, _, _ in _FINAL], widths),
            _line("", _FINAL_NAME, [unit for _, unit, _ in _FINAL], widths),
        ]
        for row in (row for row in rows if row.model == model):
            if row.quality or row.encoder_time:
                lines.append(_line(row.row, _FINAL_NAME, cells(row), widths))
            if row.error:
                lines += _reason("" if row.quality or row.encoder_time else row.row, row.error, _FINAL_NAME)
        lines.append("")
    return lines


def final_csv(rows: Iterable[ReportRow]) -> str:
    """The final table as CSV, all digits, units in the names; what is not known is empty."""
    titles = [
        "model",
        "row",
        "loss",
        "psnr_db",
        "ssim",
        "ratio_nominal",
        "ratio_actual",
        "encoder_device_median_ms",
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
                row.loss,
                row.psnr_db,
                row.ssim,
                row.ratio_nominal,
                row.ratio_actual,
                *(row.milliseconds(part) for part in parts),
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


def cell(value: float | None, digits: int, divisor: float = 1) -> str:
    """A number with its digits; "-" for one that is not known."""
    return "-" if value is None else f"{value / divisor:.{digits}f}"


def clip(text: str, width: int) -> str:
    """At most `width` characters; a tilde says that some are missing."""
    return text if len(text) <= width else text[: width - 1] + "~"


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


def _line(name: str, width: int, values: Sequence[str], widths: Sequence[int]) -> str:
    text = f"{clip(name, width - 1):<{width}}"
    return (text + "".join(f"{entry:>{size}}" for entry, size in zip(values, widths, strict=True))).rstrip()


def _reason(name: str, error: str, width: int) -> list[str]:
    lines = textwrap.wrap(f"failed: {' '.join(error.split())}", WIDTH - width)
    return [f"{clip(name, width - 1) if index == 0 else '':<{width}}{line}" for index, line in enumerate(lines)]
