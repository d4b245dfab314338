"""The bench's tables: a run to lines of at most 80 columns."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any

from ..bundle import Bundle
from ..run_file import STAGES, Run, RunRow, pooled_samples, process_samples
from ..statistics import fewest_processes, mean, median_interval, percentile, stdev
from ..verdict import judge

WIDTH = 80
CONFIDENCE = 0.95
_NAME = 14
Shape = tuple[int, int, int]

_TIMES = [("median", "ms", 8), ("95 % interval", "ms", 15)]
_TIMES += [(title, "ms", 7) for title in ("mean", "stdev", "p90", "p99", "min", "max")]
_STARTS = [("images", "/s", 8), ("load", "ms", 8), ("first", "ms", 8), ("before", "MB", 9)]
_STARTS += [("loaded", "MB", 8), ("model", "+MB", 8), ("peak", "MB", 8)]
_LATENT = ("latent", "bytes", 9)
_SIZES = [("network", "kB", 8), ("params", "k", 9), ("MACs", "M", 9), _LATENT]
_RATIO = ("ratio", "", 8)
_RATIO_NOTE = " Ratio: 8-bit image to bitstream."
_SIZES += [("stream", "bytes", 10), _RATIO, ("energy", "mJ/image", 10)]
_PROFILE = [(title, unit, 9) for title in ("quantize", "invoke", "code") for unit in ("ms", "%")]
_PROFILE += [("speed", "GMAC/s", 9)]
_MINUTES = [("minute", "", 8), ("median", "ms", 10), ("p90", "ms", 10)]
_MINUTES += [("images", "/s", 10), ("temp", "C", 8), ("clock", "MHz", 8)]


def run_tables(run: Run, bundles: Mapping[str, Bundle]) -> list[str]:
    """Everything there is to say about a run of these bundles, by model: lines of at most `WIDTH` characters."""
    lines: list[str] = []
    for model, bundle in bundles.items():
        shapes = image_shapes(run, bundle)
        for threads in run.settings.threads:
            mine = [row for row in run.rows if (row.model, row.threads) == (model, threads)]
            if mine:
                title = f"{model}, {threads} thread{'s' * (threads > 1)}, {_images(shapes)}"
                lines += textwrap.wrap(title, WIDTH)
                lines += [*model_tables(bundle, mine, run.environment, shapes), ""]
    return lines + _notes(run)


def image_shapes(run: Run, bundle: Bundle) -> list[Shape]:
    """Height, width and channels of each image that the rows of a bundle encoded."""
    count, *shape = bundle.samples.shape
    return [image.shape for image in run.images] or [(shape[0], shape[1], shape[2])] * count


def model_tables(
    bundle: Bundle,
    rows: Sequence[RunRow],
    environment: Mapping[str, Any],
    shapes: Sequence[Shape],
) -> list[str]:
    """The tables of one model with one number of threads, and what to think of them; `shapes`: of all images."""
    ok = [row for row in rows if row.ok]
    lines = [line for row in rows if not row.ok for line in _wrap(row.variant, f"failed: {row.error}")]
    if not ok:
        return lines
    lines = _table(_TIMES, [(row.variant, _time_cells(row)) for row in ok]) + lines
    lines += _table(_STARTS, [(row.variant, _start_cells(row)) for row in ok])
    lines += _size_table(ok, bundle, shapes)
    lines += _table(_PROFILE, [(row.variant, _profile_cells(row, bundle, shapes)) for row in ok])
    lines += [line for row in ok for line in _operators(row, bundle)]
    sustained = [(row.variant, cells) for row in ok for cells in _minute_cells(row)]
    if sustained:
        lines += _table(_MINUTES, sustained)
    return lines + _verdicts(ok, environment)


def _images(shapes: Sequence[Shape]) -> str:
    sizes = list(dict.fromkeys(f"{width} x {height}" for height, width, _ in shapes))
    several = f" and {len(sizes) - 3} other sizes" if len(sizes) > 3 else ""
    return f"{len(shapes)} image{'s' * (len(shapes) > 1)} of {', '.join(sizes[:3])}{several} pixels"


def _table(columns: Sequence[tuple[str, str, int]], rows: Sequence[tuple[str, Sequence[str]]]) -> list[str]:
    """Columns without room stand in another table below."""
    fitting = sum(end <= WIDTH - _NAME for end in accumulate(width for _, _, width in columns))
    if fitting < len(columns):
        first = _table(columns[:fitting], [(name, cells[:fitting]) for name, cells in rows])
        return first + _table(columns[fitting:], [(name, cells[fitting:]) for name, cells in rows])

    def line(name: str, cells: Sequence[str]) -> str:
        text = "".join(f"{cell:>{width}}" for cell, (_, _, width) in zip(cells, columns))
        return f"{name:<{_NAME}}{text}".rstrip()

    head = [line("", [title for title, _, _ in columns]), line("", [unit for _, unit, _ in columns])]
    return head + [line(_clip(name, _NAME - 1), cells) for name, cells in rows]


def _time_cells(row: RunRow) -> list[str]:
    times = pooled_samples(row)
    interval = median_interval(process_samples(row), CONFIDENCE)
    between = "..".join(_milliseconds(end) for end in interval) if interval else "-"
    median, p90, p99 = (percentile(times, percent) for percent in (50, 90, 99))
    rest = (mean(times), stdev(times), p90, p99, min(times), max(times))
    return [_milliseconds(median), between, *map(_milliseconds, rest)]


def _start_cells(row: RunRow) -> list[str]:
    def middle(key: str) -> float | None:
        known = [process.memory[key] for process in row.processes if key in process.memory]
        return percentile(known, 50) if known else None

    before, loaded = middle("rss_before_load_bytes"), middle("rss_after_load_bytes")
    added = loaded - before if before and loaded else None
    peaks = [process.memory.get("peak_rss_bytes", 0) for process in row.processes]
    return [
        _short(1e9 / mean(pooled_samples(row))),
        _milliseconds(percentile([process.load_ns for process in row.processes], 50)),
        _milliseconds(percentile([process.first_encode_ns for process in row.processes], 50)),
        *(_scaled(value, 1e6, 1) for value in (before, loaded, added, max(peaks) or None)),
    ]


def _size_table(rows: Sequence[RunRow], bundle: Bundle, shapes: Sequence[Shape]) -> list[str]:
    """The latent and each figure have a column only where some row has them.

    Without a latent what is sent stands for no image, and has no ratio to it.
    """
    figures = _figures(rows)
    has_latent = any("latent_bytes" in row.sizes for row in rows)
    columns = [column for column in _SIZES if column not in (_LATENT, _RATIO) or has_latent]
    columns += [(title, unit, max(9, len(title) + 2)) for title, unit in figures.values()]
    lines = []
    for row in rows:
        cells = dict(zip((title for title, _, _ in _SIZES), _size_cells(row, bundle, shapes)))
        cells |= {title: _scaled(row.figures.get(key), 1, 2) for key, (title, _) in figures.items()}
        lines.append((row.variant, [cells[title] for title, _, _ in columns]))
    return _table(columns, lines)


def _figures(rows: Iterable[RunRow]) -> dict[str, tuple[str, str]]:
    """Title and unit of each figure by its key, such as "top1_percent"."""
    parts = {key: key.rpartition("_") for row in rows for key in row.figures}
    return {key: (title, {"percent": "%"}.get(unit, unit)) for key, (title, _, unit) in sorted(parts.items())}


def _size_cells(row: RunRow, bundle: Bundle, shapes: Sequence[Shape]) -> list[str]:
    stream_bytes = mean(row.sizes["bitstream_bytes"])
    image_bytes = mean([height * width * channels for height, width, channels in shapes])
    energies = [process.energy for process in row.processes if process.energy is not None]
    joules = [energy.joules / energy.encodes for energy in energies]
    latent = row.sizes.get("latent_bytes")
    return [
        f"{row.sizes['network_bytes'] / 1e3:.1f}",
        _scaled(bundle.variant(row.variant).parameters, 1e3, 1),
        _scaled(_macs(row, bundle, shapes), 1e6, 2),
        "-" if latent is None else f"{mean(latent):.0f}",
        f"{stream_bytes:.1f}" if stream_bytes < 1e6 else f"{stream_bytes:.0f}",
        _short(image_bytes / stream_bytes),
        _short(1e3 * mean(joules)) if joules else "-",
    ]


def _profile_cells(row: RunRow, bundle: Bundle, shapes: Sequence[Shape]) -> list[str]:
    medians = [percentile(pooled_samples(row, stage), 50) for stage in STAGES[1:]]
    cells = []
    for median in medians:
        cells += [_milliseconds(median), f"{100 * median / sum(medians):.0f}"]
    macs = _macs(row, bundle, shapes)
    # Where images are of several sizes, the median's is not the mean's.
    invoke = medians[1] if len(set(shapes)) == 1 else mean(pooled_samples(row, STAGES[2]))
    return [*cells, "-" if macs is None else _short(macs / invoke)]


def _macs(row: RunRow, bundle: Bundle, shapes: Sequence[Shape]) -> float | None:
    found = [bundle.macs(row.variant, height, width) for height, width, _ in shapes]
    known = [macs for macs in found if macs is not None]
    return mean(known) if known else None


def _operators(row: RunRow, bundle: Bundle) -> list[str]:
    counts = Counter(bundle.variant(row.variant).ops)
    text = ", ".join(f"{count} {name}" if count > 1 else name for name, count in counts.items())
    return _wrap(row.variant, f"{row.delegate}: {text}")


def _minute_cells(row: RunRow) -> list[list[str]]:
    cells = []
    for number, minute in enumerate(row.sustained.minutes if row.sustained else ()):
        times = [_milliseconds(percentile(minute.encode_ns, percent)) for percent in (50, 90)]
        machine = [_short(minute.state.get("temperature_c")), _scaled(minute.state.get("frequency_hz"), 1e6, 0)]
        cells.append([str(number + 1), *times, _short(minute.encodes / 60), *machine])
    return cells


def _verdicts(rows: Sequence[RunRow], environment: Mapping[str, Any]) -> list[str]:
    # Rows of one opinion share a line.
    names: dict[str, list[str]] = {}
    for row in rows:
        names.setdefault(", ".join(judge(row, environment)), []).append(row.variant)
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


def _notes(run: Run) -> list[str]:
    ok = [row for row in run.rows if row.ok]
    counts = [len(pooled_samples(row)) for row in ok]
    environment = run.environment
    runtime = f"{environment.get('runtime', '?')} {environment.get('runtime_version', '')}".strip()
    said = (f"{min(counts)} to {max(counts)} encodes a row") if counts else "nothing worked"
    text = [
        f"{runtime}, entropy coder {environment.get('coder', '?')}. {run.settings.repetitions} processes a row, {said};"
        " times of one whole encode.",
        "Interval: 95 % interval of the median, from resampling processes. Load: time from the files to a ready"
        " encoder. Before, loaded: resident memory of the process before and after loading the encoder. Model: their"
        " difference. Peak: highest resident memory. MACs: multiply-accumulates of an image. Stream: mean size of a"
        f" bitstream with its header.{_RATIO_NOTE if any('latent_bytes' in row.sizes for row in ok) else ''}",
        "Unstable: reasons to distrust a row's times. Stdev and extreme are of means over 10 ms; no sample is left"
        " out. The load of other processes and the hypervisor's share are numbers of processors.",
        "Do not compare times of different runtimes or machines. To compare runs, use `host compare` on the"
        " workstation.",
    ]
    figures = [title.capitalize() for title, _ in _figures(ok).values()]
    if figures:
        text.append(
            f"{', '.join(figures)}: from the labels of the few sample images; `host evaluate` on the workstation"
            " takes the whole test set."
        )
    fewest = fewest_processes(CONFIDENCE)
    if run.settings.repetitions < fewest:
        text.append(f"An interval needs at least {fewest} processes.")
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
