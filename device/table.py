"""The bench's table: rows of a run file to lines of at most 100 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from .statistics import mean, summarize

WIDTH = 100
ENOUGH_RUNS = 100  # below, a p99 is the worst sample or the one before it

_VARIANT_WIDTH = 15
_COLUMNS = (  # title, unit, width
    ("mean", "ms", 8),
    ("p50", "ms", 8),
    ("p90", "ms", 8),
    ("p99", "ms", 8),
    ("images", "/s", 8),
    ("memory", "MB peak", 9),
    ("encoder", "kB", 9),
    ("latent", "bytes", 8),
    ("stream", "bytes", 8),
    ("ratio", "", 7),
)


def model_table(model: str, image_bytes: int, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The block of one model.

    Args:
        model: its name.
        image_bytes: of one image, uncompressed at 8 bits a sample.
        rows: of the run file, all of this model.

    Returns:
        Lines of at most `WIDTH` characters.
    """
    titles = "".join(f"{title:>{width}}" for title, _, width in _COLUMNS)
    units = "".join(f"{unit:>{width}}" for _, unit, width in _COLUMNS)
    lines = [
        f"{model}"[:WIDTH],
        f"{'variant':<{_VARIANT_WIDTH}}{titles}",
        f"{'':<{_VARIANT_WIDTH}}{units}",
    ]
    for row in rows:
        name = row["variant"]
        if row["status"] == "ok":
            lines.append(f"{_clip(name, _VARIANT_WIDTH - 1):<{_VARIANT_WIDTH}}{_cells(row, image_bytes)}")
        else:
            indent = " " * _VARIANT_WIDTH
            reason = textwrap.wrap(f"failed: {row['error']}", WIDTH, initial_indent=indent, subsequent_indent=indent)
            reason[0] = f"{_clip(name, _VARIANT_WIDTH - 1):<{_VARIANT_WIDTH}}{reason[0].lstrip()}"
            lines.extend(reason)
    return lines


def notes(runs: int) -> list[str]:
    """What the columns mean, and whether there were enough runs."""
    lines = [
        "Times: one whole encode. Memory: peak of the worker process. Stream: mean bitstream with its header.",
        "Ratio: 8-bit image to bitstream. Times of different runtimes or machines are not comparable.",
    ]
    if runs < ENOUGH_RUNS:
        lines.append(f"Too few runs: {runs}, use at least {ENOUGH_RUNS} for numbers that mean something.")
    return lines


def _cells(row: Mapping[str, Any], image_bytes: int) -> str:
    times = summarize(row["samples"]["encode_ns"])
    stream_bytes = mean(row["sizes"]["bitstream_bytes"])
    ratio = image_bytes / stream_bytes
    peak = row["memory"].get("peak_rss_bytes")
    values = (
        _milliseconds(times.mean),
        _milliseconds(times.p50),
        _milliseconds(times.p90),
        _milliseconds(times.p99),
        f"{1e9 / times.mean:.1f}" if times.mean > 1e7 else f"{1e9 / times.mean:.0f}",
        "-" if peak is None else f"{peak / 1e6:.1f}",
        f"{row['sizes']['encoder_bytes'] / 1e3:.1f}",
        f"{row['sizes']['latent_bytes']}",
        f"{stream_bytes:.1f}" if stream_bytes < 1e5 else f"{stream_bytes:.0f}",
        f"{ratio:.2f}" if ratio < 1000 else f"{ratio:.0f}",
    )
    return "".join(f"{value:>{width}}" for value, (_, _, width) in zip(values, _COLUMNS))


def _milliseconds(nanoseconds: float) -> str:
    value = nanoseconds / 1e6
    return f"{value:.3f}" if value < 1000 else f"{value:.0f}"


def _clip(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "~"
