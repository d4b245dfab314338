"""What the report says, before it is a page, a PDF or Markdown: of each model its tables, figures and sentences."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from device.run_file import FILE_NAME
from host.diagram.kept import kept_drawing
from host.metrics import Metric
from host.report.choice import offers, outstanding, short_entries
from host.report.entries import RESULT, Entry
from host.report.figures import (
    Figure,
    classes_figure,
    history_figure,
    pareto_figures,
    places_figures,
    rate_figure,
    training_figures,
)
from host.report.notes import model_notes
from host.report.pictures import Gallery, gallery, within_budget
from host.report.places import Place
from host.report.published import curve_figures
from host.report.sentences import sentences
from host.report.sources import ModelSources, Sources
from host.report.tables import (
    Table,
    all_table,
    at,
    device_table,
    other_table,
    short_columns,
    short_table,
    training_table,
)
from host.report.timings import stability, timing_figures
from host.reporting.columns import DEVICE, NETWORK

TITLE = "What does quantizing cost, and what does it buy?"
# What stands above the folds, where it is there: the questions that most readers come with.
_FIRST = ("time-", "bytes", "size", "rate", "curves-")
_FOLDED = (
    ("Times: how they spread, and which stage takes them", ("spread-", "stages-", "sustained-")),
    ("Classes", ("classes",)),
    ("Devices and runs beside each other", ("places", "history")),
    ("Training: loss and quality by epoch", ("training-",)),
)


@dataclass(frozen=True)
class ModelReport:
    """One model.

    Attributes:
        place: whose times stand in texts; None where it was never timed.
        entries: of the short table, in its order.
        first: keys of the figures that are not folded.
        drawing: its networks as SVG; None where no export drew them.
        files: what the numbers were read from, the newest first.
    """

    sources: ModelSources
    place: Place | None
    intro: str
    entries: tuple[Entry, ...]
    short: Table
    sentences: tuple[str, ...]
    figures: tuple[Figure, ...]
    tables: tuple[Table, ...]
    notes: tuple[str, ...]
    drawing: str | None
    pictures: Gallery | None
    files: tuple[Path, ...]

    @property
    def name(self) -> str:
        return self.sources.name

    @property
    def top(self) -> tuple[str, ...]:
        """Of `first` what stands beside the short table: a codec's curves, else quality against time and size."""
        curves = tuple(key for key in self.first if key.startswith(("curves-", "rate")))
        return curves or tuple(key for key in self.first if key.startswith(("time-", "size")))

    @property
    def first(self) -> tuple[str, ...]:
        return tuple(figure.key for figure in self.figures if figure.key.startswith(_FIRST))

    @property
    def drawn(self) -> list[Figure]:
        """All figures in the order of a page: what is not folded first."""
        shown = [each for each in self.figures if each.key in self.first]
        return [*shown, *(figure for _, group in self.folded for figure in group)]

    @property
    def folded(self) -> list[tuple[str, list[Figure]]]:
        """The other figures, by what they are about."""
        found = [(title, [each for each in self.figures if each.key.startswith(keys)]) for title, keys in _FOLDED]
        return [(title, figures) for title, figures in found if figures]


@dataclass(frozen=True)
class Report:
    """All models.

    Attributes:
        places: all places where something was timed; the first one is the reader's until another is chosen.
        axes: the models' first metrics, each once.
        overview: of each model that was judged the best variant.
        left_out: files that could not be read, one line each.
    """

    models: tuple[ModelReport, ...]
    places: tuple[Place, ...]
    axes: tuple[Metric, ...]
    overview: Table
    summary: str
    left_out: tuple[str, ...]

    @property
    def sends(self) -> bool:
        """Whether some model sends what stands for an image."""
        return any("actual" in entry.row.ratios for each in self.models for entry in each.sources.entries)


def make_report(sources: Sources) -> Report:
    """Everything of a report, in memory."""
    left_out = list(sources.left_out)
    places = _places(sources.models)
    models = [_model(model, sources, left_out) for model in sources.models]
    galleries = within_budget({each.name: each.pictures for each in models if each.pictures})
    models = [replace(each, pictures=galleries.get(each.name)) for each in models]
    return Report(
        models=tuple(models),
        places=places,
        axes=tuple(dict.fromkeys(model.axis for model in sources.models if model.axis)),
        overview=_overview(models),
        summary=_summary(sources),
        left_out=tuple(dict.fromkeys(left_out)),
    )


def relative(file: Path, folder: Path) -> str:
    """A link from a folder to a file; letters that mean something in a link are escaped."""
    return quote(Path(os.path.relpath(file.resolve(), folder.resolve())).as_posix())


def _model(model: ModelSources, sources: Sources, left_out: list[str]) -> ModelReport:
    place = next(iter(model.places), None)
    entries = tuple(short_entries(model, place))
    doubts = {each: stability(model, each, left_out) for each in model.places}
    tables = [all_table(model, place), *(device_table(model, each, doubts[each]) for each in model.places)]
    tables += [training_table(model), *(other_table(other) for other in model.others)]
    return ModelReport(
        sources=model,
        place=place,
        intro=_intro(model),
        entries=entries,
        short=short_table(model, entries, place),
        sentences=sentences(model, place),
        figures=tuple(_figures(model, place, sources, left_out)),
        tables=tuple(table for table in tables if table),
        notes=model_notes(model),
        drawing=kept_drawing(sources.folders.build, model.name),
        pictures=gallery(model, entries, left_out),
        files=_files(model, sources),
    )


def _figures(model: ModelSources, place: Place | None, sources: Sources, left_out: list[str]) -> Iterator[Figure]:
    yield from pareto_figures(model)
    published = list(curve_figures(model, sources.folders, left_out))
    # The measured curves hold the same points and more.
    if not published and (figure := rate_figure(model)):
        yield figure
    yield from published
    for each in model.places:
        yield from timing_figures(model, each, left_out)
    yield from places_figures(model)
    if figure := history_figure(model, place):
        yield figure
    if figure := classes_figure(model):
        yield figure
    yield from training_figures(model)


def _places(models: Sequence[ModelSources]) -> tuple[Place, ...]:
    """All places: what the bench measured before the rest, then by how many models it measured."""
    counts: dict[Place, int] = {}
    for model in models:
        for place in model.places:
            counts[place] = counts.get(place, 0) + 1
    # A place of other images belongs to few models by its nature.
    return tuple(
        sorted(
            counts, key=lambda each: (each.emulated is not None, not each.bench, each.pixels is not None, -counts[each])
        )
    )


def _intro(model: ModelSources) -> str:
    best = model.best
    parameters = [f"{name} {count:,} parameters" for name, count in best.parameters.items()]
    loss = f"trained for {model.loss}" if model.loss else ""
    return "; ".join(filter(None, [best.task.replace("_", " "), *parameters, loss])) + "."


def _overview(models: Sequence[ModelReport]) -> Table:
    rows: list[tuple[str, ...]] = []
    for each in models:
        chosen = outstanding(offers(each.sources, each.place)).get("best")
        metric = each.sources.axis
        if metric is None:
            continue
        if chosen is None:
            rows.append((each.name, "nothing was judged", "", "", "", "", ""))
            continue
        row = at(chosen.entry, each.place)
        ratio = ratio_text(each.sources, chosen.entry)
        cells = [column.text(row) for column in (DEVICE, NETWORK)]
        where = each.place.text if each.place and each.place in chosen.entry.times else ""
        rows.append((each.name, chosen.entry.name, metric.text(row.metrics[metric.key]), ratio, *cells, where))
    columns = ("model", "variant", "quality", "ratio", "time (ms)", "size (kB)", "time on")
    note = (
        "ratio: of the 8-bit image to the bitstream; of a network that sends no image, of the float32 file to its own. "
        "time: median of the whole work on one image. Empty: not measured there."
    )
    return Table("Which variant to deploy", columns, tuple(rows), note)


def ratio_text(model: ModelSources, entry: Entry) -> str:
    """The ratio of short tables: of what is sent, or of the network's file."""
    column = next((each for each in short_columns(model) if each.key.startswith("ratio_")), None)
    return column.text(entry.row) if column else ""


def _summary(sources: Sources) -> str:
    models, runs = len(sources.models), sources.runs
    devices = sorted({each.run.device for each in runs})
    text = f"{models} model{'' if models == 1 else 's'}"
    if runs:
        text += f", {len(runs)} run{'' if len(runs) == 1 else 's'} on {', '.join(devices)}"
        text += f", the newest of {runs[0].run.started_at.partition('T')[0]} ({runs[0].run.run_id})"
    if any(each.run.emulated for each in runs):
        text += "; some were emulated, and their times are no speed"
    return f"{text}. Every variant's name leads to where its numbers come from. What was not measured is left empty."


def _files(model: ModelSources, sources: Sources) -> tuple[Path, ...]:
    timed = [time.run for entry in model.entries for time in entry.times.values() if time.run]
    newest = dict.fromkeys(each.folder for each in sorted(timed, key=lambda each: each.run.started_at, reverse=True))
    found = [model.evaluation.file] if model.evaluation else []
    found += [other.file for other in model.others]
    found += [folder / name for folder in newest for name in (RESULT, FILE_NAME)]
    found += [sources.folders.models / model.name / name for name in ("training.json", "spec.json")]
    return tuple(file for file in found if file.is_file())
