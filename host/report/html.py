"""The report as one HTML page that needs nothing else: styles, script, figures and pictures are in it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from device.records import as_json
from host.charts.chart import svg_text
from host.charts.style import STYLE
from host.report.choice import offers
from host.report.content import TITLE, ModelReport, Report, ratio_text, relative
from host.report.entries import Entry
from host.report.notes import origins
from host.report.pictures import data_uri, first_row
from host.report.places import Place
from host.report.tables import TIME, Table
from host.reporting.columns import NETWORK

_PAGE = Path(__file__).resolve().parent / "page"
_CODE = re.compile(r"`([^`]+)`")  # commands in sentences
GAIN = 8  # times that differences of pictures are shown


def html_text(report: Report, folder: Path, version: str) -> str:
    """The page.

    Args:
        folder: where it will lie; links to raw files begin there.

    Raises:
        ReportError: a picture that cannot be read.
    """
    places = {place: number for number, place in enumerate(report.places)}
    environment = Environment(
        loader=FileSystemLoader(_PAGE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["marked"] = lambda words: Markup(_CODE.sub(r"<code>\1</code>", str(escape(words))))
    macros: Any = environment.get_template("parts.html").module
    return environment.get_template("report.html").render(
        report=report,
        title=TITLE,
        version=version,
        gain=GAIN,
        css=Markup(f"{(_PAGE / 'report.css').read_text()}\n{STYLE}"),
        js=_script("report.js") + _script("pictures.js"),
        data=_embedded(_data(report, places, folder)),
        drawn=lambda figure: macros.drawn(figure, svg_text(figure.chart, alone=False), places.get(figure.place)),
        line=lambda each, table, row: macros.line(row, _baseline(each, row[0]), _time_column(table)),
        links=lambda each: [(f"{file.parent.name}/{file.name}", relative(file, folder)) for file in each.files],
    )


def _script(name: str) -> str:
    return (_PAGE / name).read_text()


def _embedded(value: Any) -> str:
    # A name may hold "</script>": within JSON's strings "<" is as well written so.
    return json.dumps(value, sort_keys=True, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


def _data(report: Report, places: Mapping[Place, int], folder: Path) -> dict[str, Any]:
    return {
        "places": [place.text for place in report.places],
        "gain": GAIN,
        "models": [_model(each, places, folder) for each in report.models],
    }


def _model(each: ModelReport, places: Mapping[Place, int], folder: Path) -> dict[str, Any]:
    metric = each.sources.axis
    judged = {offer.entry.name for offer in offers(each.sources, None)}
    return {
        "name": each.name,
        "metric": metric and {"key": metric.key, "higher": metric.higher_is_better},
        "places": [places[place] for place in each.sources.places],
        "rows": [_row(each, entry, entry.name in judged, places, folder) for entry in each.sources.entries],
        **_pictures(each),
    }


def _row(each: ModelReport, entry: Entry, judged: bool, places: Mapping[Place, int], folder: Path) -> dict[str, Any]:
    """What the script needs of a row; numbers as they are printed."""
    metric, row = each.sources.axis, entry.row
    value = row.metrics.get(metric.key) if metric else None
    size = row.sizes.get("network_bytes")
    return {
        "row": entry.name,
        "variant": entry.is_variant,
        "judged": judged,
        "value": round(value, metric.digits) if metric and value is not None else None,
        "text": metric.text(value) if metric and value is not None else "",
        # Emulated times are no speed: they are shown, and nothing is chosen by them.
        "ms": {places[place]: round(timed.ms, 3) for place, timed in entry.times.items() if not place.emulated},
        "times": {places[place]: f"{timed.ms:.3f}" for place, timed in entry.times.items()},
        "kb": None if size is None else round(size / 1e3, 1),
        "size": NETWORK.text(row),
        "bytes": round(row.sizes["bitstream_bytes"], 1)
        if "actual" in row.ratios and "bitstream_bytes" in row.sizes
        else None,
        "ratio": ratio_text(each.sources, entry),
        "origins": [[what, text, file and relative(file, folder)] for what, text, file in origins(each.sources, entry)],
        "json": as_json(row),
    }


def _pictures(each: ModelReport) -> dict[str, Any]:
    found = each.pictures
    if found is None:
        return {}
    return {
        "files": {name: data_uri(found.folder / name) for name in found.files()},
        "pictures": [
            {
                "width": picture.width,
                "height": picture.height,
                "made": [
                    {**as_json(made), "first": made.row == first_row(picture) and made.variant} for made in picture.made
                ],
            }
            for picture in found.pictures
        ],
    }


def _baseline(each: ModelReport, name: str) -> bool:
    return not any(entry.name == name and entry.is_variant for entry in each.sources.entries)


def _time_column(table: Table) -> int | None:
    """Which cell holds the time at the chosen place."""
    return table.columns.index(TIME) if TIME in table.columns else None
