"""What a report says: models, places, the table of the best variants, and files that were left out."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

import pytest

from host.report.content import make_report, ratio_text, relative
from host.report.report import write_report
from tests.host.project import MODEL, dump


def test_the_best_variant_of_each_model_leads_the_report(project):
    project.write()
    nameless = {**project.result, "model": "unknown", "metrics": []}
    project.another_run(1, results=[nameless])
    report = project.report()
    assert [each.name for each in report.models] == [MODEL, "unknown"]
    (row,) = report.overview.rows  # nothing judges the other one
    assert row[:6] == (MODEL, "int8+tuned", "31.15 dB", "8.71", "1.000", "80.0")
    assert row[6] == report.models[0].place.text


def test_where_nothing_was_judged_the_table_says_so(project):
    for each in project.result["rows"]:
        each.update(error="the runtime does not load it", metrics={}, latency={})
    report = project.write(evaluation=False).report()
    (row,) = report.overview.rows
    assert row[1] == "nothing was judged" and set(row[2:]) == {""}
    assert report.models[0].place is None and report.places == ()


def test_a_variant_that_was_not_timed_there_is_chosen_only_where_none_was(project):
    del project.row(project.result, "int8+tuned")["latency"]
    (row,) = project.write().report().overview.rows
    assert row[1] == "float32" and row[4] == "2.000"  # the runtime may not load the better one at all
    for each in project.result["rows"]:
        each.pop("latency", None)
    for each in project.evaluation["rows"]:
        each.pop("latency", None)
    (row,) = project.write().report().overview.rows
    assert row[1] == "int8+tuned" and (row[4], row[6]) == ("", "")


def test_of_a_network_that_sends_no_image_the_ratio_is_that_of_files(project):
    for where in (project.result, project.evaluation):
        for each in where["rows"]:
            each["ratios"] = {"float32_file": 4.0} if each["row"] == "int8" else {}
    model = project.write().model()
    texts = {entry.name: ratio_text(model, entry) for entry in model.entries}
    assert (texts["int8"], texts["float32"]) == ("4.00", "")
    assert not project.report().sends


def test_places_of_the_bench_come_before_the_workstation_and_emulated_ones(project):
    project.write().another_run(1, device="qemu", emulated="qemu-user")
    places = project.report().places
    assert [(place.device, place.bench) for place in places] == [("pi", True), ("bench-pc", False), ("qemu", True)]


def test_the_summary_counts_models_and_runs_and_names_the_newest(project):
    project.write()
    summary = project.report().summary
    assert "1 model," in summary and "1 run " in summary and project.run["run_id"] in summary
    newest = project.another_run(1, device="qemu", emulated="qemu-user")
    summary = project.report().summary
    assert "2 runs on pi, qemu" in summary and newest["run_id"] in summary and "emulated" in summary


def test_first_and_folded_figures_are_all_of_them_once(project):
    each = project.write().report().models[0]
    folded = [figure.key for _, figures in each.folded for figure in figures]
    assert sorted([*each.first, *folded]) == sorted(figure.key for figure in each.figures)
    assert set(each.top) <= set(each.first) and "time-0" in each.top


def test_measured_curves_replace_those_of_the_evaluation(project):
    for where in (project.result, project.evaluation):
        for quality, each in enumerate(where["rows"][1:4]):
            each.update(quality=quality, family="int8")
    assert "rate" in {figure.key for figure in project.write().report().models[0].figures}
    value = {"points": {"splitlite": [[0.5, 28.0, 0.9]]}, "images": 24, "model_sha256": "digest-a"}
    dump(project.benchmarks / "curves" / MODEL / "kodak.json", value)
    keys = {figure.key for figure in project.report().models[0].figures}
    assert "curves-kodak" in keys and "rate" not in keys


def test_a_line_about_a_file_is_told_once(project):
    project.write()
    (project.run_folder / "run.json").write_text("{")
    assert len(project.report().left_out) == 1


def test_a_drawing_is_shown_where_an_export_left_one(project):
    assert project.write().report().models[0].drawing is None
    project.write_drawing()
    assert project.report().models[0].drawing.startswith("<svg")


def test_the_files_of_a_model_are_those_that_are_there(project):
    files = project.write().report().models[0].files
    assert files[0] == project.evaluation_file and project.training_file in files
    assert project.run_folder / "evaluation.json" in files
    assert all(file.is_file() for file in files)


@pytest.mark.parametrize("name", ["plain", "a b", "a#b", "50%", "é(1)"])
def test_a_link_leads_from_the_folder_to_the_file(tmp_path, name):
    file, folder = tmp_path / name / "run.json", tmp_path / "reports" / "here"
    dump(file, {})
    folder.mkdir(parents=True)
    link = relative(file, folder)
    assert not set(link) & set(" #?()")
    assert (folder / unquote(link)).resolve() == file.resolve()
    assert not Path(link).is_absolute()


@pytest.mark.parametrize("count", [3, 300])
def test_a_report_of_many_runs_is_hardly_larger_than_one_of_few(project, count, monkeypatch):
    monkeypatch.setattr("host.report.report.pdf_bytes", lambda *_: b"%PDF")
    project.write()

    def size():
        write_report(project.folders)
        return (project.benchmarks / "reports" / "report.html").stat().st_size

    alone = size()
    for number in range(count - 1):
        project.another_run(1, 1 + number / 100, run_id=f"2027-{number:03}", started_at=f"2027-{number:03}")
    both = size()
    report = make_report(project.read())
    (model,) = report.models
    assert len(model.sources.runs) == count
    # The newest run counts, and the history has all.
    assert model.sources.entries[2].ms(model.place) == pytest.approx(1 / (1 + (count - 2) / 100))
    history = next(figure for figure in model.figures if figure.key == "history")
    assert f"{count} runs" in history.note
    assert both - alone < 40_000
