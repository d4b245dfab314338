"""The tables of results of `host evaluate`: quality, sizes and times of every row."""

from __future__ import annotations

from docs.tables.cells import markdown, number
from docs.tables.committed import ROOT, evaluation_files, evaluations
from host.metrics import FLOAT32_LATENT
from host.report.sources import TEST_SET
from host.reporting.columns import DEVICE, NETWORK, STREAM, file_columns, judged_columns
from host.results import Result, Row

SIMULATED = "simulated "  # begins the names of rows that no file has


def image_tables() -> str:
    """The evaluations of models whose streams stand for images: quality, bytes, and ratios of each row."""
    parts = []
    for result in evaluations():
        if not _sends_images(result):
            continue
        network = f"{sum(result.parameters.values()):,} parameters; " if result.parameters else ""
        images = f"{result.images:,} images of {_shape(result)}"
        parts.append(f"### {result.model}\n\n{network}{images}; source: {result.source}.\n\n{_rows(result)}")
    return "\n\n".join(parts)


def _sends_images(result: Result) -> bool:
    """Whether what the device sends stands for the image."""
    return any("actual" in row.ratios for row in result.rows)


def _rows(result: Result) -> str:
    titles = ["row", *(f"{metric.title} ({metric.unit})" if metric.unit else metric.title for metric in result.metrics)]
    ratios = {"ratio float32 latent": FLOAT32_LATENT, "ratio nominal": "nominal", "ratio actual": "actual"}
    ratios = {title: key for title, key in ratios.items() if any(key in row.ratios for row in result.rows)}
    titles += ["bitstream (bytes)", *ratios, "network (kB)"]
    rows = [
        (
            row.row,
            *(number(row.metrics.get(metric.key), metric.digits) for metric in result.metrics),
            number(row.sizes.get("bitstream_bytes"), 1),
            *(number(row.ratios.get(key), 2) for key in ratios.values()),
            number(row.sizes.get("network_bytes"), 1, 1000),
        )
        for row in result.rows
    ]
    return markdown(titles, rows, 1)


def task_tables(task: str) -> str:
    """The evaluations of a task: all that is known of each row, and pictures."""
    parts = []
    for file, result in evaluation_files().items():
        if result.task != task:
            continue
        rows = [row for row in result.rows if not row.row.startswith(SIMULATED)]
        columns = [*judged_columns(result.metrics, rows), STREAM, DEVICE, NETWORK, *file_columns(rows)]
        columns = [each for each in columns if any(each.value(row) is not None for row in rows)]
        titles = ["row", *(f"{each.title} ({each.unit})" if each.unit else each.title for each in columns), "verdict"]
        body = [(row.row, *(each.cell(row).replace("-", "−") for each in columns), row.verdict or "−") for row in rows]
        if not any(row.verdict for row in rows):
            titles, body = titles[:-1], [cells[:-1] for cells in body]
        network = f"{sum(result.parameters.values()):,} parameters; {result.images:,} images of {_shape(result)}"
        folder = file.with_name(f"{file.stem}-figures")
        pictures = [f"![{path.stem}](../{path.relative_to(ROOT)})" for path in sorted(folder.glob("*.png"))]
        title = result.model if result.source == TEST_SET else f"{result.model}, {result.source}"
        about = f"### {title}\n\n{network}; source: {result.source}; times: {result.device}."
        parts.append("\n\n".join([about, markdown(titles, body, 1), *pictures]))
    return "\n\n".join(parts) or "None yet."


def _shape(result: Result) -> str:
    sizes = [f"{height} x {width}" for height, width, _ in result.image_shapes]
    return f"{sizes[0]} pixels" if len(sizes) == 1 else f"{len(sizes)} sizes"


def time_table() -> str:
    """Medians of every measured row, of all models."""
    titles = ("model", "row", "machine", "runtime", "device (ms)", "decoder (ms)")
    rows = [(result.model, *_row_times(row)) for result in evaluations() for row in result.rows if row.latency]
    return markdown(titles, rows, 4)


def _row_times(row: Row) -> tuple[str, ...]:
    latencies = [row.latency.get(part) for part in ("device", "decoder")]
    measured = next(latency for latency in row.latency.values())
    times = [number(latency.median_ns if latency else None, 3, 1e6) for latency in latencies]
    return (row.row, measured.device, measured.runtime, *times)
