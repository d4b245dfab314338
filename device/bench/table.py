"""The bench's tables: a run to lines of at most 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from ..bundle import Bundle
from ..run_file import pooled_samples, process_samples
from .statistics import fewest_processes, mean, median_interval, percentile, stdev
from .timing import STAGES
from .verdict import judge

WIDTH = 80
CONFIDENCE = 0.95
_NAME = 14
Row = Mapping[str, Any]

_TIMES = (("median", "ms", 8), ("95 % interval", "ms", 15)) + tuple(
    (title, "ms", 7) for title in ("mean", "stdev", "p90", "p99", "min", "max")
)
_STARTS = (
    ("images", "/s", 8),
    ("load", "ms", 8),
    ("first", "ms", 8),
    ("before", "MB", 9),
    ("loaded", "MB", 8),
    ("model", "+MB", 8),
    ("peak", "MB", 8),
)
_SIZES = (
    ("encoder", "kB", 8),
    ("params", "k", 9),
    ("MACs", "M", 9),
    ("latent", "bytes", 9),
    ("stream", "bytes", 10),
    ("ratio", "", 8),
    ("energy", "mJ/image", 10),
)
_PROFILE = tuple((title, unit, 9) for title in ("quantize", "invoke", "code") for unit in ("ms", "%"))
_PROFILE += (("speed", "GMAC/s", 9),)
_MINUTES = (
    ("minute", "", 8),
    ("median", "ms", 10),
    ("p90", "ms", 10),
    ("images", "/s", 10),
    ("temp", "C", 8),
    ("clock", "MHz", 8),
)


def run_tables(run: Mapping[str, Any], bundles: Mapping[str, Bundle], profile: bool = False) -> list[str]:
    """Everything there is to print about a run of these bundles, by model: lines of at most `WIDTH` characters."""
    lines: list[str] = []
    for model, bundle in bundles.items():
        for threads in run["settings"]["threads"]:
            mine = [row for row in run["results"] if (row["model"], row["threads"]) == (model, threads)]
            if mine:
                title = f"{model}, {threads} thread{'s' * (threads > 1)}"
                lines += [title[:WIDTH], *model_tables(bundle, mine, run["environment"], profile), ""]
    return lines + _notes(run)


def model_tables(
    bundle: Bundle, rows: Sequence[Row], environment: Mapping[str, Any], profile: bool = False
) -> list[str]:
    """The tables of one model with one number of threads, and what to think of them."""
    ok = [row for row in rows if row["status"] == "ok"]
    failed = [row for row in rows if row["status"] != "ok"]
    lines = [line for row in failed for line in _wrap(row["variant"], f"failed: {row['error']}")]
    if not ok:
        return lines
    lines = _table(_TIMES, [(row["variant"], _time_cells(row)) for row in ok]) + lines
    lines += _table(_STARTS, [(row["variant"], _start_cells(row)) for row in ok])
    lines += _table(_SIZES, [(row["variant"], _size_cells(row, bundle)) for row in ok])
    if profile:
        lines += _table(_PROFILE, [(row["variant"], _profile_cells(row, bundle)) for row in ok])
        lines += [line for row in ok for line in _operators(row, bundle)]
    sustained = [(row["variant"], cells) for row in ok if "sustained" in row for cells in _minute_cells(row)]
    if sustained:
        lines += _table(_MINUTES, sustained)
    return lines + _verdicts(ok, environment)


def _table(columns: Sequence[tuple[str, str, int]], rows: Sequence[tuple[str, Sequence[str]]]) -> list[str]:
    def line(name: str, cells: Sequence[str]) -> str:
        text = "".join(f"{cell:>{width}}" for cell, (_, _, width) in zip(cells, columns))
        return f"{name:<{_NAME}}{text}".rstrip()

    head = [line("", [title for title, _, _ in columns]), line("", [unit for _, unit, _ in columns])]
    return head + [line(_clip(name, _NAME - 1), cells) for name, cells in rows]


def _time_cells(row: Row) -> list[str]:
    times = pooled_samples(row)
    interval = median_interval(process_samples(row), CONFIDENCE)
    between = "..".join(_milliseconds(end) for end in interval) if interval else "-"
    median, p90, p99 = (percentile(times, percent) for percent in (50, 90, 99))
    rest = (mean(times), stdev(times), p90, p99, min(times), max(times))
    return [_milliseconds(median), between, *map(_milliseconds, rest)]


def _start_cells(row: Row) -> list[str]:
    def middle(key: str, part: str = "") -> float | None:
        found = [(process[part] if part else process).get(key) for process in row["processes"]]
        known = [value for value in found if value is not None]
        return percentile(known, 50) if known else None

    before, loaded = middle("rss_before_load_bytes", "memory"), middle("rss_after_load_bytes", "memory")
    added = loaded - before if before and loaded else None
    peaks = [process["memory"].get("peak_rss_bytes", 0) for process in row["processes"]]
    return [
        _short(1e9 / mean(pooled_samples(row))),
        _milliseconds(middle("load_ns") or 0),
        _milliseconds(middle("first_encode_ns") or 0),
        *(_scaled(value, 1e6, 1) for value in (before, loaded, added, max(peaks) or None)),
    ]


def _size_cells(row: Row, bundle: Bundle) -> list[str]:
    stream_bytes = mean(row["sizes"]["bitstream_bytes"])
    height, width, channels = bundle.samples.shape[1:]
    variant = bundle.variant(row["variant"])
    energies = [process["energy"] for process in row["processes"] if "energy" in process]
    joules = [energy["joules"] / energy["encodes"] for energy in energies]
    return [
        f"{row['sizes']['encoder_bytes'] / 1e3:.1f}",
        _scaled(variant.parameters, 1e3, 1),
        _scaled(bundle.macs(variant.name, height, width), 1e6, 2),
        f"{row['sizes']['latent_bytes']}",
        f"{stream_bytes:.1f}" if stream_bytes < 1e6 else f"{stream_bytes:.0f}",
        _short(height * width * channels / stream_bytes),
        _short(1e3 * mean(joules)) if joules else "-",
    ]


def _profile_cells(row: Row, bundle: Bundle) -> list[str]:
    medians = [percentile(pooled_samples(row, stage), 50) for stage in STAGES[1:]]
    cells = []
    for median in medians:
        cells += [_milliseconds(median), f"{100 * median / sum(medians):.0f}"]
    macs = bundle.macs(row["variant"], *bundle.samples.shape[1:3])
    return [*cells, "-" if macs is None else _short(macs / medians[1])]


def _operators(row: Row, bundle: Bundle) -> list[str]:
    counts: dict[str, int] = {}
    for name in bundle.variant(row["variant"]).ops:
        counts[name] = counts.get(name, 0) + 1
    text = ", ".join(f"{count} {name}" if count > 1 else name for name, count in counts.items())
    return _wrap(row["variant"], f"{row['delegate']}: {text}")


def _minute_cells(row: Row) -> list[list[str]]:
    cells = []
    for number, minute in enumerate(row["sustained"]["minutes"]):
        times = [_milliseconds(percentile(minute["encode_ns"], percent)) for percent in (50, 90)]
        machine = [_short(minute.get("temperature_c")), _scaled(minute.get("frequency_hz"), 1e6, 0)]
        cells.append([str(number + 1), *times, _short(minute["encodes"] / 60), *machine])
    return cells


def _verdicts(rows: Sequence[Row], environment: Mapping[str, Any]) -> list[str]:
    # Rows of one opinion share a line.
    names: dict[str, list[str]] = {}
    for row in rows:
        names.setdefault(", ".join(judge(row, environment)), []).append(row["variant"])
    lines = []
    for reasons, mine in names.items():
        who = "all rows" if len(mine) == len(rows) else ", ".join(mine)
        text = f"unstable: {who}: {reasons}" if reasons else f"stable: {who}"
        lines += textwrap.wrap(text, WIDTH, subsequent_indent="  ")
    return lines


def _wrap(name: str, text: str) -> list[str]:
    indent = " " * _NAME
    lines = textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent)
    return [f"{_clip(name, _NAME - 1):<{_NAME}}{lines[0].lstrip()}", *lines[1:]]


def _notes(run: Mapping[str, Any]) -> list[str]:
    ok = [row for row in run["results"] if row["status"] == "ok"]
    counts = [len(pooled_samples(row)) for row in ok]
    environment = run["environment"]
    runtime = f"{environment.get('runtime', '?')} {environment.get('runtime_version', '')}".strip()
    said = (f"{min(counts)} to {max(counts)} encodes a row") if counts else "nothing worked"
    text = [
        f"{runtime}. {run['settings']['repetitions']} processes a row, {said}; times of one whole encode.",
        "Interval: of the median, by resampling processes. Load: from files to a ready encoder. Memory: resident of"
        " the worker process before the encoder is loaded (Python, numpy, runtime, images) and after, what loading"
        " added, and the peak until the end. Stream: mean bitstream with its header. Ratio: 8-bit image to bitstream.",
        "Unstable: why these times may not come out again; stdev and extreme are of means over 10 ms, nothing is left"
        " out. Load of others and the hypervisor's part are in processors.",
        "Times of different runtimes or machines do not belong in one comparison; to compare runs: host compare.",
    ]
    fewest = fewest_processes(CONFIDENCE)
    if run["settings"]["repetitions"] < fewest:
        text.append(f"An interval needs {fewest} processes at least.")
    return [line for part in text for line in textwrap.wrap(part, WIDTH)]


def _milliseconds(nanoseconds: float) -> str:
    value = nanoseconds / 1e6
    return f"{value:.3f}" if value < 100 else f"{value:.1f}" if value < 10_000 else f"{value:.0f}"


def _short(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 1000 else f"{value:.0f}"


def _scaled(value: float | None, unit: float, digits: int) -> str:
    return "-" if value is None else f"{value / unit:.{digits}f}"


def _clip(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "~"
