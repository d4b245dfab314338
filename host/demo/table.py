"""The numbers of a result as an HTML table, and remarks on them."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from statistics import median

from host.demo.measure import Measured, Way
from host.evaluation.reconstruct import Reconstruction
from host.metrics import BPP, PICTURES, Metric

_SEPARATOR = " "  # thin space between thousands
_KEYS = ("", "baseline-")  # of the columns' cells


def table_html(result: Measured) -> str:
    """One row a quantity, the model beside the baseline; each number's cell carries data-key."""
    heads = "".join(f'<th scope="col">{escape(way.title)}</th>' for way in result.ways)
    body = ""
    for label, key, text in _rows(result.metrics):
        cells = zip(_KEYS, result.ways, strict=False)
        numbers = "".join(f'<td data-key="{column}{key}">{escape(text(way))}</td>' for column, way in cells)
        body += f'<tr><th scope="row">{escape(label)}</th>{numbers}</tr>'
    return f'<table class="numbers"><thead><tr><th></th>{heads}</tr></thead><tbody>{body}</tbody></table>'


def _rows(metrics: tuple[Metric, ...]) -> list[tuple[str, str, Callable[[Way], str]]]:
    """Label, key and text of each quantity."""
    rows: list[tuple[str, str, Callable[[Way], str]]] = [
        ("Bytes", "bytes", lambda way: _whole(way.found.bitstream_bytes))
    ]
    if BPP in metrics:  # elsewhere what is sent stands for no image
        rows += [
            ("Compression ratio", "ratio", lambda way: f"{way.found.ratio:.2f} : 1"),
            ("Bits per pixel", "bpp", lambda way: BPP.text(way.found.bpp)),
        ]
    # The rate is counted; what only many pictures together tell is not of one.
    judged = [metric for metric in metrics if metric in PICTURES and metric != BPP]
    rows += [(each.title, each.key, lambda way, each=each: metric_text(each, way.found)) for each in judged]  # type: ignore[misc]
    rows += [
        ("Encode time", "encode", lambda way: time_text(median(way.encode_ns))),
        ("Decode time", "decode", lambda way: time_text(median(way.decode_ns))),
    ]
    return rows


def remarks(result: Measured) -> list[str]:
    """Sentences below the table."""
    runs = sorted({len(times) for way in result.ways for times in (way.encode_ns, way.decode_ns)})
    counts = f"{runs[0]}" if len(runs) == 1 else f"{runs[0]} to {runs[-1]}"
    times = f"Times are of this machine, one thread; each is the median of {counts} runs."
    return [*result.remarks, times]


def metric_text(metric: Metric, made: Reconstruction) -> str:
    """One metric of a picture; a perfect one has no value, and a small one may have none."""
    if metric.key not in made.metrics:
        return "image too small"
    value = made.metrics[metric.key]
    return "no difference" if value is None else metric.text(value)


def time_text(nanoseconds: float) -> str:
    """In milliseconds, with three digits that count."""
    milliseconds = nanoseconds / 1e6
    digits = 3 if milliseconds < 1 else 2 if milliseconds < 10 else 1 if milliseconds < 100 else 0
    return f"{milliseconds:.{digits}f} ms"


def _whole(count: int) -> str:
    return f"{count:,}".replace(",", _SEPARATOR)
