"""The numbers of a result as an HTML table, and remarks on them."""

from __future__ import annotations

from html import escape

from host.curves.image_codecs import scan_bytes
from host.demo.compress import Compressed
from host.evaluation.reconstruct import Reconstruction
from host.metrics import BPP, Metric

_SEPARATOR = " "  # thin space between thousands


def table_html(result: Compressed, title: str) -> str:
    """One row a quantity, the model beside JPEG; each number's cell carries data-key."""
    ours, theirs = result.ours, result.theirs
    rows = [
        ("Bytes", "bytes", _whole(ours.bitstream_bytes), _whole(theirs.bitstream_bytes)),
        ("Compression ratio", "ratio", f"{ours.ratio:.2f} : 1", f"{theirs.ratio:.2f} : 1"),
        ("Bits per pixel", "bpp", BPP.text(ours.bpp), BPP.text(theirs.bpp)),
        *(
            (metric.title, metric.key, metric_text(metric, ours), metric_text(metric, theirs))
            for metric in result.metrics
            if metric != BPP  # counted, not judged
        ),
        ("Encode time", "encode", time_text(result.encode_ns), ""),
        ("Decode time", "decode", time_text(result.decode_ns), ""),
    ]
    body = "".join(
        f'<tr><th scope="row">{escape(label)}</th><td data-key="{key}">{left}</td>'
        f'<td data-key="jpeg-{key}">{right}</td></tr>'
        for label, key, left, right in rows
    )
    return (
        f'<table class="numbers"><thead><tr><th></th><th scope="col">{escape(title)}</th>'
        f'<th scope="col">JPEG, quality {result.jpeg_quality}</th></tr></thead><tbody>{body}</tbody></table>'
    )


def remarks(result: Compressed) -> list[str]:
    """Sentences below the table."""
    times = f"Times are of this machine, one thread: medians of {result.encode_runs} and {result.decode_runs} runs."
    ours, headers = result.ours.bitstream_bytes, len(result.jpeg_file) - scan_bytes(result.jpeg_file)
    if len(result.jpeg_file) <= ours:
        return [times]
    why = f" (the headers of a JPEG alone take {headers})" if headers > ours else ""
    return [f"No JPEG is as small as {ours} bytes{why}. The one shown has the lowest quality, and more bytes.", times]


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
