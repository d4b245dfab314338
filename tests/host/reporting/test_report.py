"""The report as files, from a whole made-up project."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from host.curves.image_codecs import lossless_webp
from host.errors import ReportError
from host.reporting.report import _pictures, write_report


def write(project, **options):
    lines = list(write_report(None, None, project.models, project.benchmarks, **options))
    return project.benchmarks / "reports", lines


def test_everything_is_written_and_named(project):
    folder, lines = write(project.write(pictures=True))
    plots = {f"{kind}_tiny-mse.png" for kind in ("rate", "latency", "grid", "training")}
    assert {file.name for file in folder.iterdir()} == {"report.md", "report.json", "report.csv", *plots}
    assert str(folder / "report.md") in lines[-2] and str(folder) in lines[-1]
    assert all(len(line) <= 80 for line in lines[:-2])
    for file in folder.glob("*.png"):
        with Image.open(file) as image:
            assert image.size[0] > 300 and len(image.convert("L").getcolors()) > 10
        assert f"({file.name})" in (folder / "report.md").read_text()
    # The same files give the same bytes.
    first = {file.name: file.read_bytes() for file in folder.iterdir()}
    write(project)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == first


def test_plots_of_an_earlier_report_go_and_what_else_lies_there_stays(project):
    folder, _ = write(project.write(pictures=True))
    (folder / "mine.png").write_bytes(b"")
    (folder.parent / "outside.png").write_bytes(b"")
    report = json.loads((folder / "report.json").read_text())
    (folder / "report.json").write_text(json.dumps({**report, "plots": [*report["plots"], "../outside.png"]}))
    shutil.rmtree(project.run_folder / "pictures")
    project.training["stages"] = {}
    write(project.write())
    assert {file.name for file in folder.glob("*.png")} == {"rate_tiny-mse.png", "latency_tiny-mse.png", "mine.png"}
    assert (folder.parent / "outside.png").is_file()


@pytest.fixture
def no_plots(monkeypatch):
    """Plots take their time, and have tests of their own."""
    monkeypatch.setattr("host.reporting.report._write_plots", lambda sources, folder: {})


texts_only = pytest.mark.usefixtures("no_plots")


@texts_only
def test_the_short_form_prints_less_and_writes_the_same(project):
    folder, lines = write(project.write())
    first = (folder / "report.md").read_bytes()
    _, short = write(project, short=True)
    assert len(short) < len(lines) / 2 and short[0] == lines[0] and short[-2:] == lines[-2:]
    assert (folder / "report.md").read_bytes() == first


@texts_only
def test_the_source_of_every_number_is_named(project):
    folder, lines = write(project.write())
    text = (folder / "report.md").read_text()
    assert "10000 test images of 32 x 24 pixels (evaluations/tiny-mse/set-tag.json)" in text
    assert f"on pi, ai_edge_litert 2.3.0, n=200 of 10 processes, run {project.run['run_id']}" in text
    assert "median on the workstation (bench-pc, ai_edge_litert 2.3.0, n=150)" in text
    assert "another tag" not in text and "emulated" not in text
    assert "10000 test images" in " ".join(lines)


@texts_only
def test_an_evaluation_of_equal_weights_is_said_to_be_one(project):
    project.evaluation.update(tag="elsewhere", tags={})
    folder, _ = write(project.write())
    text = (folder / "report.md").read_text()
    assert "another tag (set-tag, evaluated elsewhere); the quality is that of an equal model." in text
    assert json.loads((folder / "report.json").read_text())["models"][0]["evaluation"]["match"] == "model_sha256"


@texts_only
def test_without_evaluation_and_training_the_report_says_what_it_is_made_of(project):
    folder, lines = write(project.write(evaluation=False, training=False))
    text = (folder / "report.md").read_text()
    assert "quality and ratio are from the 64 images of the run (samples, 32 x 24 pixels)" in text
    assert "No evaluation of the test set belongs to this run." in text and "No training.json at hand." in text
    assert lines[-1] == "whole test sets: host evaluate tiny-mse"
    assert "loses 0.50 dB PSNR against float32 (29.00 against 29.50 dB)" in text


@texts_only
def test_the_json_holds_the_raw_numbers(project):
    folder, _ = write(project.write())
    text = (folder / "report.json").read_text()
    assert "null" not in text
    model = json.loads(text)["models"][0]
    int8 = next(row for row in model["rows"] if row["row"] == "int8")
    assert (int8["latency"]["device"]["median_ns"], int8["sizes"]["network_bytes"]) == (1_000_000, 80_000)
    assert [metric["key"] for metric in model["metrics"]] == ["psnr_db", "ssim", "bpp"]
    assert len(model["trainings"]) == 4 and len(model["sentences"]) >= 5


@texts_only
def test_what_quantization_cost_is_told_in_short_paragraphs(project):
    folder, _ = write(project.write())
    text = (folder / "report.md").read_text()
    part = text.split("## What quantization cost, and what was won back\n\n")[1].split("\n\n## ")[0]
    heading, *paragraphs = part.split("\n\n")
    assert heading == "### tiny-mse"
    assert len(paragraphs) >= 5 and max(map(len, paragraphs)) < 500
    sentences = json.loads((folder / "report.json").read_text())["models"][0]["sentences"]
    assert " ".join(paragraphs) == " ".join(sentences)


@texts_only
def test_an_emulated_run_is_labelled_wherever_its_times_are(project):
    project.emulate()
    folder, lines = write(project.write())
    text = (folder / "report.md").read_text()
    assert text.count("emulated, not speed") == 5  # heading, two tables, the note, the sentence
    assert "Device time, emulated, not speed: median" in " ".join(" ".join(lines).split())
    assert json.loads((folder / "report.json").read_text())["run"]["emulated"] == "qemu-user"


@texts_only
def test_what_failed_and_the_outputs_beside_this_machines_are_reported(project):
    project.run["host"] = {"machine": "x86_64", "runtime": "litert 9"}
    project.row(project.result, "int8")["agreement"] = {"count": 1000, "differing": 2, "largest_step": 1}
    folder, _ = write(project.write())
    text = (folder / "report.md").read_text()
    words = "tiny-mse: outputs, beside this machine's (x86_64, litert 9): 2 of 1000 (0.20 %) differ, by at most 1"
    assert words in text
    assert "- tiny-mse int16x8: device: the runtime has no RESIZE" in text


@pytest.mark.parametrize("known", [True, False])
def test_a_run_where_everything_failed_is_still_reported(project, known):
    if not known:  # here nobody knows the model, nor its task's metrics
        del project.result["metrics"]
    for row in project.result["rows"]:
        row.update(error="the runtime does not load it", metrics={}, latency={})
    folder, lines = write(project.write(evaluation=False, training=False))
    assert "the runtime does not load it" in "\n".join(lines)
    assert not list(folder.glob("*.png"))
    assert "the report says why" in "\n".join(write(project, short=True)[1])


def test_damaged_pictures_are_a_named_error(project):
    project.write(pictures=True)
    (project.run_folder / "pictures" / "1.int8.webp").write_bytes(b"RIFF broken")
    with pytest.raises(ReportError, match=r"pictures/1\.int8\.webp: damaged"):
        write(project)
    (project.run_folder / "pictures" / "pictures.json").write_bytes(b"{")
    with pytest.raises(ReportError, match=r"pictures\.json: not valid JSON"):
        write(project)


def test_of_pictures_of_several_sizes_the_grid_shows_middles_of_one_size(project):
    project.write(pictures=True)
    large = np.arange(10 * 6 * 3, dtype=np.uint8).reshape(10, 6, 3)
    for name in ("1.webp", "1.int8.webp"):
        (project.run_folder / "pictures" / name).write_bytes(lossless_webp(large))
    stacks = _pictures(project.run_folder / "pictures")["tiny-mse"]
    assert {row: stack.shape for row, stack in stacks.items()} == {"originals": (3, 8, 6, 3), "int8": (3, 8, 6, 3)}
    np.testing.assert_array_equal(stacks["int8"][1], large[1:9])


def test_reporting_needs_no_tensorflow():
    code = (
        "import sys, host.reporting.report, host.reporting.plots; "
        "print([m for m in sys.modules if m in ('tensorflow', 'keras', 'tf_keras', 'matplotlib.pyplot')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
