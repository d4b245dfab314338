"""Writes the charts that the documents show, from committed results: docs/images/*.svg.

    .venv/bin/python -m docs.make_charts          # or: make docs

They are figures of the report (host/report), of what is committed alone: no run of this machine has a part in them.
"""

from __future__ import annotations

from pathlib import Path

from device.files import write_bytes
from host.charts.chart import svg_text
from host.errors import ReportError
from host.report.entries import Evaluated, make_entries
from host.report.figures import Figure, pareto_figures
from host.report.published import curve_figures
from host.report.sources import Folders, ModelSources
from host.results import Result, read_document

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "images"


def main() -> None:
    """Writes every chart that changed, and prints its name."""
    for name, text in charts().items():
        file = FOLDER / name
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            write_bytes(file, text.encode())
            print(file.relative_to(ROOT))


def charts() -> dict[str, str]:
    """The SVG files by name.

    Raises:
        ReportError: a committed result that they need is missing or damaged.
    """
    found = {"photo-rate.svg": _curves("photo"), "mobilenetv2-time.svg": _against_time("mobilenetv2-cifar10")}
    return {name: svg_text(figure.chart, alone=True) for name, figure in found.items()}


def _curves(name: str) -> Figure:
    left_out: list[str] = []
    figures = list(curve_figures(_model(name), Folders(), left_out))
    if not figures:
        raise ReportError(" ".join(left_out) or f"{name}: no curves in benchmarks/curves")
    return figures[0]


def _against_time(name: str) -> Figure:
    return next(figure for figure in pareto_figures(_model(name)) if figure.place)


def _model(name: str) -> ModelSources:
    file = sorted((Folders().benchmarks / "evaluations" / name).glob("*.json"))[0]
    evaluation = Evaluated(file, read_document(Result, file, ReportError))
    return ModelSources(name, (), evaluation, (), make_entries((), evaluation))


if __name__ == "__main__":
    main()
