"""The report as files, from a whole made-up project."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys

import pytest

from host.errors import ReportError
from host.report.report import write_report
from tests.host.project import MODEL, RUN, dump, make_diagnosis

FIGURES = "report-figures"
FILES = {"report.html", "report.md", "report.pdf", "report.json", "report.csv", FIGURES}


def write(project, **options):
    lines = write_report(project.folders, **options)
    return options.get("out") or project.benchmarks / "reports", lines


@pytest.fixture
def no_pdf(monkeypatch):
    """It takes its time, and has tests of its own."""
    monkeypatch.setattr("host.report.report.pdf_bytes", lambda report, figures, folder: b"%PDF")


quickly = pytest.mark.usefixtures("no_pdf")


def content(folder):
    return {file.relative_to(folder): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_everything_is_written_and_the_same_files_give_the_same_bytes(project):
    project.write(pictures=True).write_drawing()
    project.write_diagnoses(make_diagnosis("int8", 20.0, a=100.0), make_diagnosis("int8_qat", 30.0, a=100.0))
    folder, lines = write(project)
    assert {file.name for file in folder.iterdir()} == FILES
    assert (folder / "report.pdf").read_bytes().startswith(b"%PDF-")
    first = content(folder)
    assert len(first) > 15
    assert write(project)[1] == lines
    assert content(folder) == first


@quickly
def test_what_is_printed_ends_with_the_page_and_fits_80_columns(project, monkeypatch):
    monkeypatch.chdir(project.write().folders.benchmarks)
    _, lines = write(project)
    assert "reports/report.html" in lines[-1]
    assert max(map(len, lines)) <= 80


@quickly
def test_figures_that_are_named_exist_and_all_that_exist_are_named(project):
    project.write(pictures=True).write_drawing()
    folder, _ = write(project)
    there = {f"{FIGURES}/{file.name}" for file in (folder / FIGURES).iterdir()}
    assert set(re.findall(r"!\[[^]]*\]\(([^)]*)\)", (folder / "report.md").read_text())) == there
    (model,) = json.loads((folder / "report.json").read_text())["models"]
    charts = {each["file"] for each in model["figures"]}
    assert charts == {name for name in there if name.endswith(".svg") and "network" not in name}
    for name in there:
        data = (folder / name).read_bytes()
        assert data.startswith((b"<svg", b"RIFF"))
        assert b"var(--" not in data  # what sets PDF knows no variables


@quickly
def test_figures_of_an_earlier_report_go_and_what_else_lies_beside_stays(project):
    folder, _ = write(project.write(pictures=True))
    (folder / "mine.png").write_bytes(b"mine")
    (folder / FIGURES / "old.svg").write_bytes(b"old")
    (folder / "figures").mkdir()
    (folder / "figures" / "mine.svg").write_bytes(b"mine")
    (project.run_folder / "pictures" / "pictures.json").unlink()
    project.training_file.unlink()
    write(project)
    assert {file.name for file in folder.iterdir()} == {*FILES, "mine.png", "figures"}
    assert (folder / "figures" / "mine.svg").is_file()
    left = {file.name for file in (folder / FIGURES).iterdir()}
    assert "old.svg" not in left and not [name for name in left if "training" in name or "picture" in name]
    assert f"{MODEL}.time-0.svg" in left


@quickly
@pytest.mark.parametrize("beside", ["folder", FIGURES])
def test_a_folder_that_cannot_be_written_is_one_line(project, tmp_path, beside):
    project.write()
    out = tmp_path / "out"
    if beside == "folder":
        out.write_text("a file")
    else:
        out.mkdir()
        (out / FIGURES).write_text("a file")
    with pytest.raises(ReportError, match="--out") as raised:
        write(project, out=out)
    assert str(out) in str(raised.value) and "\n" not in str(raised.value)
    if beside == FIGURES:
        assert [file.name for file in out.iterdir()] == [FIGURES]  # nothing half-made stays


@quickly
@pytest.mark.parametrize("damage", ["gone", "broken"])
@pytest.mark.parametrize("name", ["0.webp", "2.int8.webp"])
def test_a_picture_that_cannot_be_read_is_told_and_the_report_is_written_without(project, name, damage):
    project.write(pictures=True)
    file = project.run_folder / "pictures" / name
    file.unlink() if damage == "gone" else file.write_bytes(b"RIFF broken")
    folder, _ = write(project)
    (line,) = json.loads((folder / "report.json").read_text())["left_out"]
    assert str(file) in line and "\n" not in line
    assert not [file.name for file in (folder / FIGURES).iterdir() if "picture" in file.name]


def test_a_report_that_fails_leaves_the_one_before_as_it_was(project, monkeypatch):
    folder, _ = write(project.write(pictures=True))
    before = content(folder)

    def fail(*given):
        raise ReportError("no PDF")

    monkeypatch.setattr("host.report.report.pdf_bytes", fail)
    project.another_run(1)
    with pytest.raises(ReportError, match="no PDF"):
        write(project)
    assert content(folder) == before and {file.name for file in folder.iterdir()} == FILES


@quickly
def test_runs_and_models_can_be_chosen(project, tmp_path):
    project.write().another_run(1, model="second")
    folder, lines = write(project, out=tmp_path / "chosen", runs=[RUN])
    report = json.loads((folder / "report.json").read_text())
    assert [(each["model"], each["runs"]) for each in report["models"]] == [(MODEL, [RUN])]
    assert not (project.benchmarks / "reports").exists()
    folder, lines = write(project, out=tmp_path / "chosen", names=["second"])
    assert [each["model"] for each in json.loads((folder / "report.json").read_text())["models"]] == ["second"]
    assert not [line for line in lines if MODEL in line]


@quickly
def test_the_json_holds_the_raw_numbers_and_where_they_come_from(project):
    project.write().another_run(1, runtime="tflite_runtime 2.14.0", faster=4)
    folder, _ = write(project)
    report = json.loads((folder / "report.json").read_text())
    (model,) = report["models"]
    int8 = next(row for row in model["rows"] if row["row"] == "int8")
    assert int8["metrics"]["psnr_db"] == 30.9 and int8["sizes"]["network_bytes"] == 80_000
    assert [(each["median_ns"], each["runtime"]) for each in int8["times"]] == [
        (250_000, "tflite_runtime 2.14.0"),
        (1_000_000, "ai_edge_litert 2.3.0"),
        (99_000_000, "ai_edge_litert 2.3.0"),
    ]
    assert int8["times"][1]["run"] == RUN and int8["times"][2]["run"] is None
    assert [metric["key"] for metric in model["metrics"]] == ["psnr_db", "ssim", "bpp"]
    assert model["evaluation"] == {"file": "set-tag.json", "match": "tag", "images": 10000}
    assert len(model["trainings"]) == 4 and len(model["sentences"]) >= 5
    assert {each["text"] for each in report["places"]} == {each["place"] for each in int8["times"]}


@quickly
def test_an_emulated_run_is_labelled_wherever_its_times_are(project):
    project.emulate()
    folder, lines = write(project.write(evaluation=False))
    assert "emulated, not speed" in " ".join(" ".join(lines).split())
    report = json.loads((folder / "report.json").read_text())
    assert [place["emulated"] for place in report["places"]] == ["qemu-user"]
    (model,) = report["models"]
    timed = [each["note"] for each in model["figures"] if re.search(r"/.*(time-|spread-|stages-)", each["file"])]
    assert timed and all("emulated, not speed" in note for note in timed)
    assert "emulated, not speed" in model["short"]["note"]


@quickly
def test_left_out_files_are_told_in_every_form(project):
    project.write()
    dump(project.run_folder.with_name("damaged") / "evaluation.json", [])
    folder, lines = write(project)
    assert "damaged/evaluation.json" in "".join(line.strip() for line in lines)
    for name in ("report.html", "report.md", "report.json"):
        assert "damaged/evaluation.json" in (folder / name).read_text()


@quickly
def test_all_forms_tell_the_same_numbers(project):
    folder, _ = write(project.write())
    rows = list(csv.DictReader((folder / "report.csv").read_text().splitlines()))
    (at_pi,) = (row for row in rows if (row["row"], row["device"]) == ("float32", "pi"))
    assert float(at_pi["device_ms"]) == 2.0 and float(at_pi["psnr_db"]) == 31.1
    line = "| float32 | mse | 31.10 | 0.9500 | 8.71 | 2.000 | 320.0 |"
    assert line in (folder / "report.md").read_text()
    (model,) = json.loads((folder / "report.json").read_text())["models"]
    assert ["float32", "mse", "31.10", "0.9500", "8.71", "2.000", "320.0"] in model["short"]["rows"]


def test_reporting_needs_no_tensorflow():
    code = (
        "import sys, host.report.report; "
        "print([m for m in sys.modules if m in ('tensorflow', 'keras', 'tf_keras', 'matplotlib', 'typst')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
