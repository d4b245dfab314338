"""Tables of rows: which columns there are, and how they fit into the 80 columns of a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from host.metrics import FLOAT32_LATENT, IMAGE_RATIOS, Metric
from host.results import CollectedRun, Row

WIDTH = 80
GAP = 2  # between two columns
NAME_ROOM = 10  # of a row's name, at least
EMULATED = "emulated, not speed"
NOTHING = "-"
GZIPPED = "_gzip"  # ends the names of ratios between compressed files


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        key: of CSV and of the shared title, with its unit.
        value: what a row has in it, in the column's unit; None where it has nothing.
    """

    key: str
    title: str
    unit: str
    digits: int
    value: Callable[[Row], float | None]

    def cell(self, row: Row) -> str:
        """The value with the column's digits; "-" where there is none."""
        return cell(self.value(row), self.digits)

    def text(self, row: Row) -> str:
        """The same; nothing where there is none."""
        return "" if (found := self.cell(row)) == NOTHING else found


def metric_columns(metrics: Iterable[Metric]) -> list[Column]:
    """A column for each metric of a result."""
    return [Column(each.key, each.title, each.unit, each.digits, _metric(each.key)) for each in metrics]


@dataclass(frozen=True)
class IntervalColumn(Column):
    """The 95 % interval of a metric: its ends in one cell; the value is the lower one."""

    metric: str

    def cell(self, row: Row) -> str:
        """ "93.51..94.46"."""
        if (ends := row.intervals.get(self.metric)) is None:
            return NOTHING
        return "..".join(cell(end, self.digits) for end in ends)


def judged_columns(metrics: Iterable[Metric], rows: Sequence[Row]) -> list[Column]:
    """The columns of `metric_columns`, after each that of its interval where some row has one."""
    found = []
    for metric in metrics:
        found += metric_columns([metric])
        if any(metric.key in row.intervals for row in rows):
            end = _end(metric.key, 0)
            found.append(IntervalColumn(f"{metric.key}_low", "interval", "95 %", metric.digits, end, metric.key))
    return found


def interval_columns(metrics: Iterable[Metric], rows: Sequence[Row]) -> list[Column]:
    """For CSV, both ends of the intervals of metrics where some row has one."""
    return [
        Column(f"{metric.key}_{name}", metric.title, metric.unit, metric.digits, _end(metric.key, place))
        for metric in metrics
        if any(metric.key in row.intervals for row in rows)
        for place, name in enumerate(("low", "high"))
    ]


def file_columns(rows: Sequence[Row], *, gzipped: bool = True) -> list[Column]:
    """The ratios of named files to the rows' own, in the order of their names; `gzipped` too, and those files' size."""
    names = sorted({name for row in rows for name in row.ratios}.difference(IMAGE_RATIOS))
    chosen = [name for name in names if gzipped or not name.endswith(GZIPPED)]
    found = [Column(f"ratio_{name}", *_two_lines(name), 2, _ratio_to(name)) for name in chosen]
    return [NETWORK_GZIP, *found] if gzipped and any("network_gzip_bytes" in row.sizes for row in rows) else found


def _two_lines(name: str) -> tuple[str, str]:
    title, _, unit = name.partition("_")
    return title, unit.replace("_", " ")


def _ratio_to(name: str) -> Callable[[Row], float | None]:
    return lambda row: row.ratios.get(name)


def _end(key: str, place: int) -> Callable[[Row], float | None]:
    return lambda row: row.intervals[key][place] if key in row.intervals else None


def _metric(key: str) -> Callable[[Row], float | None]:
    return lambda row: row.metrics.get(key)


def _size(key: str, divisor: float = 1) -> Callable[[Row], float | None]:
    return lambda row: row.sizes[key] / divisor if key in row.sizes else None


def _time(part: str) -> Callable[[Row], float | None]:
    return lambda row: milliseconds(row, part)


def milliseconds(row: Row, part: str) -> float | None:
    """The median time of a part: "device", "decoder" or "full"."""
    return row.latency[part].median_ns / 1e6 if part in row.latency else None


STREAM = Column("bitstream_bytes", "stream", "bytes", 1, _size("bitstream_bytes"))
LATENT = Column("latent_bytes", "latent", "bytes", 0, _size("latent_bytes"))
IN_FLOAT32 = Column("ratio_float32_latent", "ratio", "float32", 2, lambda row: row.ratios.get(FLOAT32_LATENT))
NOMINAL = Column("ratio_nominal", "ratio", "nominal", 2, lambda row: row.ratios.get("nominal"))
ACTUAL = Column("ratio_actual", "ratio", "actual", 2, lambda row: row.ratios.get("actual"))
DEVICE = Column("device_ms", "device", "ms", 3, _time("device"))
_ENCODE = replace(DEVICE, title="encode")
DECODE = Column("decode_ms", "decode", "ms", 3, _time("decoder"))
FULL = Column("full_ms", "full", "ms", 3, _time("full"))
NETWORK = Column("network_kb", "network", "kB", 1, _size("network_bytes", 1e3))
NETWORK_GZIP = Column("network_gzip_kb", "gzipped", "kB", 1, _size("network_gzip_bytes", 1e3))
DECODER = Column("decoder_kb", "decoder", "kB", 1, _size("decoder_bytes", 1e3))
FULL_FILE = Column("full_kb", "full", "kB", 1, _size("full_bytes", 1e3))
RATES = (STREAM, NOMINAL, ACTUAL)
COSTS = (DEVICE, DECODE, FULL, NETWORK, DECODER, FULL_FILE)


def table(groups: Sequence[Sequence[Column]], rows: Iterable[tuple[str, Row | None]]) -> list[str]:
    """Rows with their names as lines for the terminal.

    Columns in which no row has a value are left out. What is too wide becomes a block for each group of columns, in
    which a row without a value in it is left out. A name without a row is a heading. Below stands each row's error.
    """
    rows = list(rows)
    lines = _block([column for group in groups for column in group], rows)
    if max(map(len, lines), default=0) > WIDTH:
        parts = [part for group in groups for part in _fitting(group, rows)]
        lines = [line for part in parts for line in _block(part, rows, WIDTH)]
    for name, row in rows:
        if row and row.error:
            lines += wrapped(f"{name.strip()}: {' '.join(row.error.split())}")
    return lines


def _fitting(columns: Sequence[Column], rows: Sequence[tuple[str, Row | None]]) -> list[list[Column]]:
    """A group of columns, cut where it leaves less than NAME_ROOM for names."""
    parts: list[list[Column]] = [[]]
    room = 0
    for column in columns:
        entries = [column.cell(row) for _, row in rows if row]
        if set(entries) <= {NOTHING}:
            continue
        width = GAP + max(map(len, (column.title, column.unit, *entries)))
        if room + width > WIDTH - NAME_ROOM:
            parts.append([])
            room = 0
        parts[-1].append(column)
        room += width
    return parts


def _block(columns: Sequence[Column], rows: Sequence[tuple[str, Row | None]], room: int = 2 * WIDTH) -> list[str]:
    shown = [(name, row) for name, row in rows if not row or any(each.value(row) is not None for each in columns)]
    texts = [[each.title, each.unit, *(each.cell(row) if row else "" for _, row in shown)] for each in columns]
    texts = [entries for entries in texts if set(entries[2:]) - {"", NOTHING}]
    if not texts:
        return []
    widths = [GAP + max(map(len, entries)) for entries in texts]
    cells = ["".join(f"{entry:>{width}}" for entry, width in zip(line, widths)) for line in zip(*texts)]
    name_width = min(room - sum(widths), max(len(name) for name, row in shown if row))
    names = ["", "", *(clip(name, name_width if row else WIDTH) for name, row in shown)]
    return [f"{name:<{name_width}}{line}".rstrip() for name, line in zip(names, cells)]


def markdown(titles: Sequence[str], body: Iterable[Sequence[str]], left: int = 1) -> str:
    """A Markdown table; the first `left` columns are aligned left, the others right."""
    rule = ["---" if index < left else "---:" for index in range(len(titles))]
    lines = [titles, rule, *([entry.replace("|", "\\|") for entry in row] for row in body)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def cell(value: float | None, digits: int) -> str:
    """A number with its digits; "-" for one that is not known."""
    return NOTHING if value is None else f"{value:.{digits}f}"


def worded(columns: Sequence[Column], rows: Iterable[Row]) -> list[Column]:
    """The columns with the device's time called "encode" where what the device sends stands for the image."""
    encoded = any("actual" in row.ratios for row in rows)
    return [_ENCODE if encoded and column is DEVICE else column for column in columns]


def column_groups(
    metrics: Iterable[Metric], rates: Sequence[Column], costs: Sequence[Column], rows: Sequence[Row]
) -> list[list[Column]]:
    """The columns of a terminal's table in the two groups into which a wide one is split."""
    judged, costs = judged_columns(metrics, rows), worded(costs, rows)
    files = file_columns(rows, gzipped=False)
    # Intervals take the room of the rates.
    first = [] if any(row.intervals for row in rows) else rates
    return [[*judged, *first], [*([] if first else rates), *costs, *files]]


def verdict_lines(rows: Sequence[Row]) -> list[str]:
    """The rows' verdicts, those of equal words in one line; none where nothing is asked."""
    said: dict[str, list[str]] = {}
    for row in rows:
        if row.verdict:
            said.setdefault(row.verdict, []).append(row.row)
    return [line for words, names in said.items() for line in wrapped(f"{words}: {', '.join(dict.fromkeys(names))}")]


def file_note(rows: Sequence[Row]) -> list[str]:
    """How to read the columns of `file_columns` without the gzipped ones; nothing where there are none."""
    names = [f"{each.title} {each.unit}" for each in file_columns(rows, gzipped=False)]
    return wrapped(f"{', '.join(names)}: how many times smaller than that file the network's is") if names else []


def named(rows: Sequence[Row]) -> list[tuple[str, Row]]:
    """Each row with its name, and with its number of threads where rows differ in it."""
    several = len({row.threads for row in rows} - {None}) > 1
    return [(f"{row.row}, {threads_text(row.threads)}" if several and row.threads else row.row, row) for row in rows]


def threads_text(count: int) -> str:
    """ "1 thread", "4 threads"."""
    return f"{count} thread{'' if count == 1 else 's'}"


def place_text(run: CollectedRun) -> str:
    """Where a run was made: the device, its runtime and the numbers of threads."""
    threads = threads_text(run.threads[0]) if len(run.threads) == 1 else f"threads {', '.join(map(str, run.threads))}"
    return f"{run.device}{f' ({EMULATED})' if run.emulated else ''}, {run.runtime}, {threads}"


def size_text(shapes: Sequence[tuple[int, int, int]]) -> str:
    """The sizes of images in pixels, width first: "32 x 32", or the smallest and the largest of several."""
    sizes = sorted({(width, height) for height, width, _ in shapes}, key=lambda size: (size[0] * size[1], size))
    texts = [f"{width} x {height}" for width, height in sizes]
    return texts[0] if len(texts) == 1 else f"{texts[0]} to {texts[-1]}" if texts else "unknown size"


def clip(text: str, width: int) -> str:
    """At most `width` characters; a tilde says that some are missing."""
    return text if len(text) <= width else text[: width - 1] + "~"


def wrapped(text: str, indent: str = "") -> list[str]:
    """A sentence as lines; those after the first are indented further. Paths and options stay whole."""
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ", break_on_hyphens=False)
