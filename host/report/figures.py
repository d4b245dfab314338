"""The report's figures. Each answers one question on one data set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from host.charts.axis import Axis
from host.charts.chart import Chart
from host.charts.curves import Curve, curves
from host.charts.dots import dots
from host.charts.scatter import Point, pareto
from host.metrics import BPP, Metric
from host.report.choice import no_worse_than_int8, offers, short_entries
from host.report.entries import Entry, Measured
from host.report.places import Place, run_place
from host.report.sources import ModelSources
from host.report.tables import at
from host.reporting.columns import NETWORK, STREAM, size_text
from host.reporting.training import stages
from host.results import Row

_TIME = Axis("time of one image", "ms", 3, higher_is_better=False)
_SHOWN = ("float32", "int8", "int8_qat")  # of classes, and of runs over time
_CONFUSION = "confusion"  # of `Row.counts`
_MOST_CLASSES = 40  # of a figure that can be read
_MARGIN = 0.5  # of the range of good rows, above and below them
_FAR = 1.5  # times as much as that, and the rows beyond stand at the edge
_FEWEST_RUNS = 3  # below, a table tells as much


@dataclass(frozen=True)
class Figure:
    """A chart in its place.

    Attributes:
        key: a name that is a part of files' names.
        note: the data set, and where the numbers were measured, in sentences.
        place: of the times; None of a figure that shows none, or several places'.
        filtered: whether the reader's constraints move its points and its front.
    """

    key: str
    chart: Chart
    note: str
    place: Place | None = None
    filtered: bool = False


def pareto_figures(model: ModelSources) -> Iterator[Figure]:
    """The first metric against what it costs: time at each place, bytes that are sent, the network's size."""
    metric = model.axis
    if metric is None:
        return
    quality = metric_axis(metric)
    entries = _plotted(model)
    shown = _range(model, metric, entries)
    data = data_text(model)
    for place in model.places:
        timed = [entry for entry in entries if place in entry.times]
        points = [_point(entry, metric, entry.times[place].ms, place) for entry in timed]
        title = f"What does {metric.title} cost in time?"
        # Of an emulated place the order of times says nothing: no front.
        axis = replace(_TIME, higher_is_better=None) if place.emulated else _TIME
        if chart := pareto(title, points, axis, quality, shown):
            times = f"Times: median of one image on {place.text}; thin line: to the 90th percentile."
            note = f"{data}{_beyond(timed, metric, shown)} {times}"
            yield Figure(f"time-{model.places.index(place)}", chart, note, place, filtered=True)
    sent = [entry for entry in entries if "actual" in entry.row.ratios and STREAM.value(entry.row)]
    points = [_point(entry, metric, STREAM.value(entry.row) or 0.0) for entry in sent]
    if any(entry.is_variant for entry in sent):
        axis = Axis("bitstream with its header, mean", "bytes", 1, higher_is_better=False)
        if chart := pareto(f"What does {metric.title} cost in bytes?", points, axis, quality, shown):
            yield Figure("bytes", chart, f"{data}{_beyond(sent, metric, shown)}", filtered=True)
    sized = [entry for entry in entries if NETWORK.value(entry.row)]
    points = [_point(entry, metric, NETWORK.value(entry.row) or 0.0) for entry in sized]
    if len({point.x for point in points}) > 1:
        axis = Axis("network's file", "kB", 1, higher_is_better=False)
        if chart := pareto(f"What does {metric.title} cost in size?", points, axis, quality, shown):
            yield Figure("size", chart, f"{data}{_beyond(sized, metric, shown)} 1 kB = 1000 bytes.", filtered=True)


def rate_figure(model: ModelSources) -> Figure | None:
    """Rate against distortion of a codec's qualities, beside formats that have several points too."""
    metric = model.axis
    if metric is None or metric.key == BPP.key:
        return None
    found: dict[str, list[Row]] = {}
    for entry in model.judged():
        row = entry.row
        if row.quality is not None and BPP.key in row.metrics:
            found.setdefault(f"{row.family}, {row.decoder} decoder" if row.decoder else f"{row.family}", []).append(row)
    if not any(row.variant for rows in found.values() for row in rows):
        return None
    lines = []
    for name, rows in found.items():
        known = [(row.metrics[BPP.key], row.metrics[metric.key], row) for row in rows]
        points = sorted(known, key=lambda each: each[:2])
        texts = tuple(f"{row.row}: {metric.text(value)} at {rate:.3f} bits per pixel" for rate, value, row in points)
        line = tuple((rate, value) for rate, value, _ in points)
        lines.append(Curve(name, line, texts, dashed=rows[0].decoder == "own", colour_of=rows[0].family))
    axis = Axis("rate", "bits per pixel", 3, log=False, higher_is_better=False)
    largest = max(row.metrics[BPP.key] for rows in found.values() for row in rows if row.variant)
    chart = curves(
        f"How much {metric.title} for how many bits?", lines, axis, metric_axis(metric), x_limit=1.15 * largest
    )
    return Figure("rate", chart, f"{data_text(model)} Real bitstreams with their headers.") if chart else None


def training_figures(model: ModelSources) -> Iterator[Figure]:
    """The loss, and each metric in validation, over the epochs of all stages, one after the other."""
    titles = {"loss": "loss in training", "validation_loss": "loss in validation"}
    axes = {key: Axis(title, "", 4, higher_is_better=False) for key, title in titles.items()}
    axes |= {metric.key: metric_axis(metric) for metric in model.judging}
    for key, axis in axes.items():
        lines, begin = [], 0
        for records in stages(model.training):
            for name, record in records.items():
                history = [{**epoch, **epoch.get("validation", {})} for epoch in record["history"]]
                points = tuple((begin + epoch["epoch"], epoch[key]) for epoch in history if epoch.get(key) is not None)
                if points:
                    lines.append(Curve(name, points))
            begin += max(len(record["history"]) for record in records.values())
        title = f"How did {axis.title} change in training?"
        if chart := curves(title, lines, Axis("epoch, stage after stage", "", 0, log=False), axis):
            note = "Validation images. The trainings of a stage begin where the stage before ended."
            yield Figure(f"training-{key}", chart, note if key != "loss" else note.removeprefix("Validation images. "))


def places_figures(model: ModelSources) -> Iterator[Figure]:
    """The times of the variants at all places, emulated ones apart: these are no speed."""
    for emulated in (False, True):
        places = [place for place in model.places if (place.emulated is not None) == emulated]
        if len(places) < 2:
            continue
        entries = [
            each for each in short_entries(model, places[0]) if each.is_variant and each.name == each.row.variant
        ]
        rows = {
            each.name: {place.text: each.times[place].ms for place in places if place in each.times} for each in entries
        }
        ends = {
            (each.name, place.text): (interval[0] / 1e6, interval[1] / 1e6)
            for each in entries
            for place in places
            if place in each.times and (interval := each.times[place].latency.median_interval_ns)
        }
        if chart := dots("Where is it fast?", {name: found for name, found in rows.items() if found}, _TIME, ends):
            note = "Median of one image. Runs of one place are never mixed with another's: the newest of each counts."
            if any(place.pixels for place in places):
                note += " Places that name their images' size timed other images than the rest."
            yield Figure("places-emulated" if emulated else "places", chart, note)


def classes_figure(model: ModelSources) -> Figure | None:
    """How many images of each class are right with the main variants; None where no classes were counted."""
    names = model.best.classes
    found: dict[str, dict[str, float]] = {name: {} for name in names}
    for entry in model.judged():
        confusion = entry.row.counts.get(_CONFUSION, ())
        if entry.name in _SHOWN and len(confusion) == len(names) and all(len(each) == len(names) for each in confusion):
            for at_class, (name, counts) in enumerate(zip(names, confusion, strict=True)):
                if sum(counts):
                    found[name][entry.name] = 100 * counts[at_class] / sum(counts)
    rows = {name: values for name, values in found.items() if values}
    axis = Axis("images of the class that are right", "%", 1, log=False, higher_is_better=True)
    chart = (
        dots("Which classes lose accuracy when quantized?", rows, axis) if rows and len(rows) <= _MOST_CLASSES else None
    )
    return Figure("classes", chart, data_text(model)) if chart else None


def history_figure(model: ModelSources, place: Place | None) -> Figure | None:
    """The medians of the main variants over all runs at one place, the oldest first."""
    if place is None or not place.bench:
        return None
    timed = [(each, [row for row in each.result.rows if _timed_at(model, each, row, place)]) for each in model.runs]
    runs = [(each.stored.run.run_id, rows) for each, rows in reversed(timed) if rows]
    if len(runs) < _FEWEST_RUNS:
        return None
    found: dict[str, list[tuple[float, float]]] = {}
    texts: dict[str, list[str]] = {}
    for number, (run_id, rows) in enumerate(runs, start=1):
        for row in rows:
            if row.row in _SHOWN or row.quality is not None:
                ms = row.latency["device"].median_ns / 1e6
                found.setdefault(row.row, []).append((float(number), ms))
                texts.setdefault(row.row, []).append(f"{row.row}: {ms:.3f} ms in run {run_id}")
    # Thousands of marks would hide the lines, and weigh.
    marked = len(runs) <= 50
    lines = [Curve(name, tuple(points), tuple(texts[name]) if marked else ()) for name, points in found.items()]
    chart = curves("Did it stay as fast from run to run?", lines, Axis("run, oldest first", "", 0, log=False), _TIME)
    return Figure("history", chart, f"Medians of {len(runs)} runs on {place.text}.", place) if chart else None


def metric_axis(metric: Metric) -> Axis:
    """A metric as an axis."""
    return Axis(metric.title, metric.unit, metric.digits, log=False, higher_is_better=metric.higher_is_better)


def data_text(model: ModelSources) -> str:
    """What the quality is a mean of, one sentence."""
    best = model.best
    return f"Quality: means of {best.images} images of {size_text(best.image_shapes)} pixels ({best.source})."


def _range(model: ModelSources, metric: Metric, entries: Sequence[Entry]) -> tuple[float, float] | None:
    """What the axis of quality shows where a few rows are far below the rest; None where all fit."""
    good = [offer.entry for offer in no_worse_than_int8(offers(model, None))]
    core = [entry.row.metrics[metric.key] for entry in good]
    values = [entry.row.metrics[metric.key] for entry in entries]
    if not core or max(core) == min(core):
        return None
    margin = _MARGIN * (max(core) - min(core))
    low, high = min(core) - margin, max(core) + margin
    return (low, high) if max(values) - min(values) > _FAR * (high - low) else None


def _beyond(entries: Sequence[Entry], metric: Metric, shown: tuple[float, float] | None) -> str:
    """A sentence that names what stands at the edge of a figure; "" where nothing does."""
    values = {entry.name: entry.row.metrics[metric.key] for entry in entries}
    beyond = {name: value for name, value in values.items() if shown and not shown[0] <= value <= shown[1]}
    if not beyond:
        return ""
    return f" At the edge, beyond the axis: {', '.join(f'{name} {metric.text(v)}' for name, v in beyond.items())}."


def _plotted(model: ModelSources) -> list[Entry]:
    """What has a place in a plot: all variants, and the baselines of short tables and curves."""
    return [entry for entry in model.judged() if entry.is_variant or entry.times or entry.row.ratios]


def _point(entry: Entry, metric: Metric, x: float, place: Place | None = None) -> Point:
    row = at(entry, place)
    value = row.metrics[metric.key]
    second = row.decoder not in (None, "own")
    timed = entry.times.get(place) if place else None
    parts = [metric.text(value)]
    if timed:
        parts.append(f"{timed.ms:.3f} ms on {place.text if place else ''}")
        if not entry.is_variant:
            parts.append(f"in {timed.latency.runtime}")
    if "actual" in row.ratios and STREAM.value(row):
        parts.append(f"{STREAM.value(row):.1f} bytes sent")
    if NETWORK.value(row):
        parts.append(f"network {NETWORK.value(row):.1f} kB")
    family = row.family or row.variant or row.row
    return Point(
        key=entry.name,
        series=family,
        x=x,
        y=value,
        text=f"{entry.name}: {', '.join(parts)}",
        to_x=timed.latency.p90_ns / 1e6 if timed else None,
        hollow=second,
    )


def _timed_at(model: ModelSources, each: Measured, row: Row, place: Place) -> bool:
    """Whether a run timed a row, with its own decoder, at the very place that the model's entries name."""
    if row.row != row.variant or "device" not in row.latency:
        return False
    judged = model.evaluation.result if model.evaluation else None
    known = judged is not None and any(other.row == row.row for other in judged.rows)
    return run_place(each.stored.run, each.result, row, judged if known else None) == place
