"""The report as files, from a whole made-up project."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from PIL import Image

from host.errors import ReportError
from host.reporting.report import write_report


def write(project, **changes):
    lines = list(write_report(None, None, project.models, project.benchmarks))
    return project.benchmarks / "reports", lines


def test_everything_is_written_and_named(project):
    folder, lines = write(project.write(pictures=True))
    assert {file.name for file in folder.iterdir()} == {
        "report.md",
        "report.json",
        "report.csv",
        "psnr_bpp.png",
        "psnr_latency.png",
        "grid_tiny-mse.png",
        "training_tiny-mse.png",
    }
    assert str(folder / "report.md") in lines[-2] and str(folder) in lines[-1]
    assert all(len(line) <= 80 for line in lines[:-2])
    for file in folder.glob("*.png"):
        with Image.open(file) as image:
            assert image.size[0] > 300 and len(image.convert("L").getcolors()) > 10
        assert f"({file.name})" in (folder / "report.md").read_text()


def test_the_source_of_every_number_is_named(project):
    folder, lines = write(project.write())
    text = (folder / "report.md").read_text()
    assert "10000 test images (evaluations/tiny-mse/set-tag.json)" in text
    assert f"on pi, ai_edge_litert 2.3.0, n=200 of 10 processes, run {project.run['run_id']}" in text
    assert "median on the workstation (bench-pc, ai_edge_litert 2.3.0, n=150)" in text
    assert "another codec tag" not in text and "emulated" not in text
    assert "10000 test images" in " ".join(lines)


def test_an_evaluation_of_equal_weights_is_said_to_be_one(project):
    project.evaluation["codec_tag"] = "elsewhere"
    for row in project.evaluation["rows"]:
        if "codec_tag" in row:
            row["codec_tag"] += "-elsewhere"
    folder, _ = write(project.write())
    text = (folder / "report.md").read_text()
    assert "another codec tag (set-tag, evaluated elsewhere); the quality is that of an equal model." in text
    assert json.loads((folder / "report.json").read_text())["models"][0]["evaluation"]["match"] == "model_sha256"


def test_without_evaluation_and_training_the_report_says_what_it_is_made_of(project):
    folder, _ = write(project.write(evaluation=False, training=False))
    text = (folder / "report.md").read_text()
    assert "no evaluation of the test set belongs to this run" in text and "64 sample images" in text
    assert "No training.json at hand." in text
    assert "loses 0.50 dB against float32 (29.00 against 29.50 dB)" in text


def test_the_json_holds_the_raw_numbers_and_never_nan(project):
    project.row(project.evaluation, "int8")["metrics"]["ssim"] = float("nan")
    project.training["stages"]["float"]["history"][4]["validation_psnr_db"] = float("inf")
    folder, _ = write(project.write())
    text = (folder / "report.json").read_text()
    assert "NaN" not in text and "Infinity" not in text and "null" not in text
    model = json.loads(text)["models"][0]
    int8 = next(row for row in model["rows"] if row["row"] == "int8")
    assert (int8["encoder_time"]["median_ns"], int8["encoder_bytes"], "ssim" in int8) == (1_000_000, 80_000, False)
    assert len(model["trainings"]) == 4 and len(model["sentences"]) >= 5


def test_what_quantization_cost_is_told_in_short_paragraphs(project):
    folder, _ = write(project.write())
    text = (folder / "report.md").read_text()
    part = text.split("## What quantization cost, and what was won back\n\n")[1].split("\n\n## ")[0]
    heading, *paragraphs = part.split("\n\n")
    assert heading == "### tiny-mse"
    assert len(paragraphs) >= 5 and max(map(len, paragraphs)) < 500
    sentences = json.loads((folder / "report.json").read_text())["models"][0]["sentences"]
    assert " ".join(paragraphs) == " ".join(sentences)


def test_an_emulated_run_is_labelled_wherever_its_times_are(project):
    project.emulate()
    folder, lines = write(project.write())
    text = (folder / "report.md").read_text()
    assert text.count("emulated, not speed") == 5  # heading, two tables, the note, the sentence
    assert "Encoder time, emulated, not speed: median" in " ".join(" ".join(lines).split())
    assert json.loads((folder / "report.json").read_text())["run"]["emulated"] == "qemu-user"
    plot = (folder / "psnr_latency.png").read_bytes()
    project.run["emulated"] = False
    for row in project.result["rows"]:
        row.get("latency", {}).get("encoder", {}).pop("emulated", None)
    write(project.write())
    assert (folder / "psnr_latency.png").read_bytes() != plot


def test_the_codes_beside_this_machines_are_reported(project):
    project.run["host"] = {"machine": "x86_64", "runtime": "litert 9"}
    codes = {"count": 1000, "differing": 2, "differing_share": 0.002, "largest_step": 1}
    project.row(project.result, "int8")["codes"] = codes
    folder, _ = write(project.write())
    assert (
        "tiny-mse: codes, beside this machine's (x86_64, litert 9): 2 of 1000 (0.20 %) differ, by at most 1"
        in (folder / "report.md").read_text()
    )


def test_an_evaluation_of_version_1_is_still_reported(project):
    project.run.update(format_version=1, threads=1)
    for row in project.result["rows"]:
        row.pop("threads", None)
    folder, _ = write(project.write())
    assert "threads: 1." in (folder / "report.md").read_text()


def test_a_failed_variant_is_told_without_breaking_a_table(project):
    folder, _ = write(project.write())
    assert "- tiny-mse int16x8: device: the runtime has no RESIZE" in (folder / "report.md").read_text()


def test_a_run_where_everything_failed_is_still_reported(project):
    for row in project.result["rows"]:
        row["error"] = "the runtime does not load it"
    folder, lines = write(project.write(evaluation=False, training=False))
    assert "the runtime does not load it" in "\n".join(lines)
    assert (folder / "psnr_latency.png").stat().st_size > 1000


def test_the_same_files_give_the_same_bytes(project):
    folder, _ = write(project.write(pictures=True))
    first = {file.name: file.read_bytes() for file in folder.iterdir()}
    write(project)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == first


def test_damaged_pictures_are_a_named_error(project):
    project.write()
    (project.run_folder / "reconstructions.npz").write_bytes(b"PK\x03\x04 broken")
    with pytest.raises(ReportError, match=r"reconstructions\.npz"):
        write(project)


def test_reporting_needs_no_tensorflow():
    code = (
        "import sys, host.reporting.report, host.reporting.plots; "
        "print([m for m in sys.modules if m in ('tensorflow', 'keras', 'tf_keras', 'matplotlib.pyplot')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
