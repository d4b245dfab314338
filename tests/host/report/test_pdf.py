"""The report as PDF: a page for each model at least, the same bytes of the same input, and text that is no mark-up."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from host.errors import ReportError
from host.report.content import make_report
from host.report.pdf import pdf_bytes
from host.report.report import _FIGURES, _write_figures
from tests.host.project import MODEL

MARK_UP = ["#panic()", "*a*", "_a_", "[a]", "$a$", "`a`", "@a", "<a>", "\\ a", "= a", "//a", '"a"']


def pages(data):
    """The number of pages, as the root of the tree of pages counts them."""
    return max(int(count) for count in re.findall(rb"/Count (\d+)", data))


def made(report, folder):
    folder.mkdir()
    files = _write_figures(report, folder / _FIGURES)
    return pdf_bytes(report, files, folder)


def test_it_has_a_page_for_each_model_and_the_same_bytes_each_time(project, tmp_path):
    project.write(pictures=True).write_drawing()
    project.another_run(1, model="second", results=project.run["results"])
    project.another_run(2, model="second")
    report = make_report(project.read())
    assert [each.name for each in report.models] == ["second", MODEL]
    data = made(report, tmp_path / "a")
    assert data.startswith(b"%PDF") and pages(data) >= 3
    assert made(report, tmp_path / "b") == data


def without_figures(report, **changes):
    """What is compiled quickly."""
    models = tuple(replace(each, figures=(), pictures=None, drawing=None) for each in report.models)
    return replace(report, models=models, **changes)


def test_names_with_mark_up_come_through_as_text(project, tmp_path, monkeypatch):
    import typst

    for name in MARK_UP:
        project.add_variant(name, 31.9, variant=name, family=name, verdict=f"fail: {name}")
    project.run["notes"] = MARK_UP
    report = without_figures(make_report(project.write().read()), left_out=tuple(MARK_UP))
    compiled = []
    compile_ = typst.compile
    monkeypatch.setattr(typst, "compile", lambda *given, **more: compiled.append(more) or compile_(*given, **more))
    assert pdf_bytes(report, {}, tmp_path).startswith(b"%PDF")  # #panic() would have failed
    (handed,) = (json.loads(more["sys_inputs"]["report"]) for more in compiled)
    assert set(MARK_UP) <= {line[0] for line in handed["models"][0]["short"]["rows"]}
    assert handed["left_out"] == MARK_UP


def test_a_model_that_nothing_judged_has_a_page(project, tmp_path):
    del project.result["metrics"]
    for each in project.result["rows"]:
        each.update(error="unknown", metrics={}, latency={})
    report = make_report(project.write(evaluation=False, training=False).read())
    assert pages(made(report, tmp_path / "a")) >= 1


@pytest.mark.parametrize("damage", ["gone", "no picture"])
def test_a_figure_that_cannot_be_set_is_one_line(project, tmp_path, damage):
    report = make_report(project.write().read())
    files = _write_figures(report, tmp_path / _FIGURES)
    file = tmp_path / files[MODEL]["time-0"]
    file.unlink() if damage == "gone" else file.write_text("<svg")
    with pytest.raises(ReportError, match="PDF cannot be set") as raised:
        pdf_bytes(report, files, tmp_path)
    assert "\n" not in str(raised.value)
