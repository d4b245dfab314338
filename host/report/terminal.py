"""What `host report` prints: of each model the best, the fastest and the smallest variant."""

from __future__ import annotations

from dataclasses import replace

from host.report.choice import no_worse_than_int8, offers, outstanding
from host.report.content import ModelReport, Report
from host.report.tables import at
from host.reporting.columns import ACTUAL, DEVICE, NETWORK, STREAM, metric_columns, size_text, table, worded, wrapped
from host.results import Row


def overview_lines(report: Report) -> list[str]:
    """Lines of at most 80 columns: a table for the models of each set of metrics."""
    lines: list[str] = []
    for metrics in dict.fromkeys(each.sources.metrics for each in report.models if each.sources.metrics):
        rows: list[tuple[str, Row | None]] = []
        for each in report.models:
            if each.sources.metrics == metrics and (chosen := _chosen(each)):
                rows += [(_title(each), None), *((f"  {name}", row) for name, row in chosen)]
        columns = worded((STREAM, ACTUAL, DEVICE, NETWORK), [row for _, row in rows if row])
        lines += [*table([[*metric_columns(metrics[:1]), *columns]], rows), ""]
    if places := dict.fromkeys(replace(each.place, pixels=None).text for each in report.models if each.place):
        lines += wrapped(f"Times: {'; '.join(places)}.")
    if others := [each.name for each in report.models if each.place and each.place.pixels]:
        lines += wrapped(
            f"Times of {', '.join(others)}: of images of other sizes than the quality; the report says which."
        )
    if failed := sum(entry.row.error is not None for each in report.models for entry in each.sources.entries):
        lines += [f"{failed} {'row is' if failed == 1 else 'rows are'} incomplete; the report says why."]
    for line in report.left_out:
        lines += wrapped(f"left out: {line}")
    titles = ", ".join(dict.fromkeys(metric.title for metric in report.axes))
    if titles:
        lines += wrapped(f"Best: in {titles}; fastest, smallest: of what is no worse than int8.")
    return lines


def _title(each: ModelReport) -> str:
    model = each.sources
    best = model.best
    loss = f" ({model.loss})" if model.loss else ""
    return f"{model.name}{loss}: {best.source}, {best.images} images of {size_text(best.image_shapes)} pixels"


def _chosen(each: ModelReport) -> list[tuple[str, Row]]:
    found = offers(each.sources, each.place)
    chosen = {**outstanding(no_worse_than_int8(found)), **{k: v for k, v in outstanding(found).items() if k == "best"}}
    reasons: dict[str, list[str]] = {}
    for word in ("best", "fastest", "smallest"):
        if word in chosen:
            reasons.setdefault(chosen[word].entry.name, []).append(word)
    by_name = {offer.entry.name: offer.entry for offer in found}
    return [
        (f"{name} ({', '.join(words) if len(words) < 3 else 'best in all'})", at(by_name[name], each.place))
        for name, words in reasons.items()
    ]
