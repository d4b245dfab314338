"""The report as PDF, set by Typst: its text in report.typ, its figures the SVG files beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from host.errors import ReportError
from host.report.content import TITLE, ModelReport, Report
from host.report.pictures import strip

_SMALL = 128  # pixels a side: below, pictures are shown pixel by pixel


def pdf_bytes(report: Report, figures: Mapping[str, Mapping[str, str]], folder: Path) -> bytes:
    """The file.

    Args:
        figures: by model, by key: the names of files, as seen from the folder.
        folder: where the figures lie.

    Raises:
        ReportError: a figure that Typst refuses.
    """
    # Both take their time to load.
    import matplotlib
    import typst

    fonts = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    content = {
        "title": TITLE,
        "summary": report.summary,
        "overview": asdict(report.overview),
        "models": [_model(each, figures.get(each.name, {})) for each in report.models],
        "left_out": report.left_out,
    }
    try:
        text: bytes = (Path(__file__).resolve().parent / "report.typ").read_bytes()
        return typst.compile(  # type: ignore[misc]  # its stub cannot tell bytes from a path
            text,
            root=str(folder.resolve()),
            font_paths=[str(fonts)],
            ignore_system_fonts=True,
            sys_inputs={"report": json.dumps(content)},
        )
    except typst.TypstError as error:
        raise ReportError(f"{folder}: the PDF cannot be set ({' '.join(str(error).split())})") from None


def _model(each: ModelReport, figures: Mapping[str, str]) -> dict[str, Any]:
    files = [name for key, name in figures.items() if key.startswith("picture ")]
    pictures = []
    if each.pictures:
        small = max(each.pictures.pictures[0].width, each.pictures.pictures[0].height) <= _SMALL
        pictures = [
            {"file": f"/{name}", "text": made.text, "small": small}
            for name, made in zip(files, strip(each.pictures), strict=True)
        ]
    return {
        "name": each.name,
        "intro": each.intro,
        "short": asdict(each.short),
        "sentences": each.sentences,
        "figures": [
            {"title": figure.chart.title, "file": f"/{figures[figure.key]}", "note": figure.note}
            for figure in each.drawn
        ],
        "pictures": pictures,
        "pictures_note": each.pictures.note if each.pictures else "",
        "drawing": f"/{figures['drawing']}" if "drawing" in figures else None,
        "tables": [asdict(table) for table in each.tables],
        "notes": each.notes,
    }
