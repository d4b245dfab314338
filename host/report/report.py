"""Writes the report: report.html, report.md, report.pdf, report.json, report.csv and report-figures/."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from device.files import json_bytes, write_bytes
from device.records import as_json
from host.charts.chart import svg_text
from host.errors import ReportError
from host.report.content import ModelReport, Report, make_report
from host.report.html import html_text
from host.report.markdown import markdown_text
from host.report.pdf import pdf_bytes
from host.report.pictures import picture_bytes, strip
from host.report.sources import Folders, read_sources
from host.report.tables import csv_text
from host.report.terminal import overview_lines
from host.reporting.training import training_rows

FORMAT_VERSION = 1  # of report.json
_FIGURES = "report-figures"  # no name that somebody else's folder has

Files = dict[str, dict[str, str]]


def write_report(
    folders: Folders, out: Path | None = None, runs: Sequence[str] = (), names: Sequence[str] = ()
) -> list[str]:
    """Writes the report of everything that was collected and evaluated.

    Args:
        out: where to; None for benchmarks/reports. Its folder report-figures/ is the report's own: it is replaced.
        runs: ids or folders of runs; only these, and only their models. () for all.
        names: of models; () for all.

    Returns:
        Lines to print, of at most 80 columns but for the paths at the end.

    Raises:
        ReportError: nothing to report, a run or model that is not there, or a folder that cannot be written.
    """
    sources = read_sources(folders, runs, names)
    folder = folders.benchmarks / "reports" if out is None else out
    report = make_report(sources)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".report.", dir=folder) as scratch:
            _write_all(report, folder, Path(scratch), csv_text(sources.models))
    except OSError as error:
        raise ReportError(f"{folder}: cannot be written ({error.strerror}); name another with --out") from None
    shown = folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder
    return [*overview_lines(report), "", f"report: {shown / 'report.html'} (and .md, .pdf, .json, .csv)"]


def _write_all(report: Report, folder: Path, scratch: Path, table: str) -> None:
    """All of it is made before a file of the report that is there is touched; `table`: the CSV."""
    files = _write_figures(report, scratch / _FIGURES)
    made = {
        "report.csv": _encoded(table),
        "report.json": json_bytes(_json(report, files)),
        "report.md": _encoded(markdown_text(report, files, folder)),
        "report.pdf": pdf_bytes(report, files, scratch),
        "report.html": _encoded(html_text(report, folder, version("splitlite"))),
    }
    if (folder / _FIGURES).exists():
        shutil.rmtree(folder / _FIGURES)
    (scratch / _FIGURES).rename(folder / _FIGURES)
    for name, content in made.items():
        write_bytes(folder / name, content)


def _encoded(text: str) -> bytes:
    # JSON may hold halves of characters, which no file can.
    return text.encode("utf-8", "replace")


def _write_figures(report: Report, folder: Path) -> Files:
    """All figures as files in a folder of their own; their names, as seen from the folder above."""
    folder.mkdir()
    return {each.name: _model_figures(each, folder) for each in report.models}


def _model_figures(each: ModelReport, scratch: Path) -> dict[str, str]:
    found = {}

    def write(key: str, name: str, content: bytes) -> None:
        (scratch / name).write_bytes(content)
        found[key] = f"{_FIGURES}/{name}"

    for figure in each.figures:
        write(figure.key, f"{each.name}.{figure.key}.svg", _encoded(svg_text(figure.chart, alone=True)))
    if each.drawing:
        write("drawing", f"{each.name}.network.svg", _encoded(_on_paper(each.drawing)))
    if each.pictures:
        for number, made in enumerate(strip(each.pictures)):
            source = each.pictures.folder / made.file
            write(f"picture {number}", f"{each.name}.picture.{number}{source.suffix}", picture_bytes(source))
    return found


def _on_paper(drawing: str) -> str:
    """A drawing with its colours written out: what sets PDF does not know CSS variables."""
    colours = {"var(--paper)": "#ffffff", "var(--ink)": "#1b1f24"}
    for variable, colour in colours.items():
        drawing = drawing.replace(variable, colour)
    return drawing


def _json(report: Report, files: Files) -> dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        "summary": report.summary,
        "places": [{**as_json(place), "text": place.text} for place in report.places],
        "overview": _table(report.overview),
        "models": [_model(each, files[each.name]) for each in report.models],
        "left_out": list(report.left_out),
    }


def _model(each: ModelReport, files: dict[str, str]) -> dict[str, Any]:
    model = each.sources
    evaluation = model.evaluation
    return {
        "model": model.name,
        "task": model.best.task,
        "loss": model.loss,
        "metrics": as_json(model.metrics),
        "evaluation": None
        if evaluation is None
        else {"file": evaluation.file.name, "match": evaluation.match, "images": evaluation.result.images},
        "runs": [run.stored.run.run_id for run in model.runs],
        "rows": [
            {
                **as_json(entry.row),
                "times": [
                    {
                        "place": place.text,
                        **as_json(timed.latency),
                        "memory": as_json(timed.memory),
                        "run": timed.run.run.run_id if timed.run else None,
                    }
                    for place, timed in entry.times.items()
                ],
            }
            for entry in model.entries
        ],
        "short": _table(each.short),
        "tables": [_table(table) for table in each.tables],
        "trainings": as_json(training_rows(model.training)),
        "sentences": list(each.sentences),
        "figures": [
            {"file": files[figure.key], "title": figure.chart.title, "note": figure.note} for figure in each.figures
        ],
        "sources": list(each.notes),
    }


def _table(table: Any) -> dict[str, Any]:
    return as_json(asdict(table))
