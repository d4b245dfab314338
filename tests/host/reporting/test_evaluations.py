"""What collect and evaluate print: numbers under their titles, agreement in words, never more than 80 columns."""

from __future__ import annotations

import pytest

from host.reporting.columns import WIDTH
from host.reporting.evaluations import agreement_lines, agreement_words, result_text, run_text
from host.results import Agreement

EQUAL = {"count": 1000, "differing": 0, "largest_step": 0}
HOST = {"machine": "x86_64", "runtime": "ai_edge_litert 2.3.0"}


def line_of(lines, name):
    return next(line for line in lines if line.split()[:1] == [name])


def test_each_number_stands_under_its_title_and_unit(project):
    lines = result_text(project.collected).splitlines()
    assert lines[:2] == ["tiny-mse: means of 64 images of 32 x 24 pixels", "latent: 512 bytes, nominal ratio 6.00"]
    assert lines[2].split() == ["PSNR", "SSIM", "bpp", "stream", "ratio", "encode", "network"]
    assert lines[3].split() == ["dB", "bytes", "actual", "ms", "kB"]
    cells = ["int8", "29.00", "0.9500", "2.750", "352.5", "8.71", "1.000", "80.0"]
    assert line_of(lines, "int8").split() == cells


def test_the_ratio_of_a_float32_latent_stands_beside_the_nominal_one_and_is_no_file(project):
    before = result_text(project.collected).splitlines()
    for row in project.result["rows"]:
        row.setdefault("ratios", {})["float32_latent"] = 1.5
    lines = result_text(project.collected).splitlines()
    assert lines[1] == "latent: 512 bytes, nominal ratio 6.00; in float32 1.50"
    assert lines[:1] + lines[2:] == before[:1] + before[2:]


def test_the_metrics_of_the_result_are_the_columns(project):
    project.result["metrics"] = [{"key": "top1", "title": "top-1", "unit": "%", "digits": 1, "higher_is_better": True}]
    for row in project.result["rows"]:
        row["metrics"] = {"top1": 91.25}
    lines = result_text(project.collected).splitlines()
    assert lines[2].split()[:2] == ["top-1", "stream"] and "PSNR" not in "".join(lines)
    assert line_of(lines, "int8").split()[1] == "91.2"


def test_a_failed_row_is_lines_that_say_why(project):
    project.row(project.result, "int16x8")["error"] = "a long\nreason " * 30
    lines = result_text(project.collected).splitlines()
    (index,) = (index for index, line in enumerate(lines) if line.startswith("int16x8"))
    assert lines[index].startswith("int16x8: a long reason")
    assert " ".join(" ".join(lines[index:]).split()).count("reason") == 30


def test_no_text_is_wider_than_the_terminal(project):
    project.sweep(1, 2)
    project.emulate()
    project.result["model"] = "a-model-with-a-name-that-is-far-too-long-for-any-table-of-eighty-columns-" * 2
    project.run["device"] = "raspberry pi " * 12
    project.run["notes"] = ["a note of many words " * 9]
    project.run["host"] = HOST
    for row in project.result["rows"]:
        row["row"] += "_of_a_recipe_with_a_long_name"
        row["agreement"] = {"not_compared": "a reason of many words " * 9}
    assert max(map(len, run_text(project.collected_run).splitlines())) <= WIDTH


def test_rows_that_differ_in_threads_say_so(project):
    assert "thread" not in result_text(project.collected)
    lines = result_text(project.sweep(1, 4).collected).splitlines()
    found = [line for line in lines if line.startswith("int8, ")]
    assert [(line.split("  ")[0], line.split()[-2]) for line in found] == [
        ("int8, 1 thread", "1.000"),
        ("int8, 4 threads", "0.250"),
    ]


def test_the_heading_names_run_device_runtime_and_threads(project):
    project.run["notes"] = ["no PSNR: give the folder of the images"]
    heading = run_text(project.collected_run).split("\n\n")[0]
    assert heading.splitlines() == [
        f"run {project.run['run_id']}, 2026-01-02T03:04:05Z",
        "device pi, ai_edge_litert 2.3.0, 1 thread",
        "no PSNR: give the folder of the images",
    ]
    project.run["threads"] = [1, 2]
    assert ", threads 1, 2" in run_text(project.collected_run)


def test_emulated_times_are_labelled_in_the_heading_and_at_each_table(project):
    assert "emulated" not in run_text(project.collected_run)
    project.emulate()
    heading, table = run_text(project.collected_run).split("\n\n")
    assert "device pi (emulated, not speed)" in heading
    assert "times: emulated, not speed" in table.splitlines()[2]


@pytest.mark.parametrize(
    ("agreement", "words"),
    [
        (Agreement(**EQUAL), "equal"),
        (Agreement(32768, 39, 1), "39 of 32768 (0.12 %) differ, by at most 1"),
        (Agreement(5_120_000, 1, 3), "1 of 5120000 (0.00 %) differ, by at most 3"),
        (Agreement(10, 10, 0.25), "10 of 10 (100.00 %) differ, by at most 0.25"),
        (Agreement(not_compared="the images are not at hand"), "not compared: the images are not at hand"),
    ],
)
def test_agreement_in_words(agreement, words):
    assert agreement_words(agreement) == words


def test_equal_outputs_are_one_line_and_others_are_told_apart(project):
    assert agreement_lines(project.collected, HOST) == []
    for row in project.result["rows"][:-1]:
        row["agreement"] = EQUAL
    equal = "outputs: equal to this machine's (x86_64, ai_edge_litert 2.3.0)"
    assert agreement_lines(project.collected, HOST) == [equal]
    for name in ("int8", "int8+tuned"):
        project.row(project.result, name)["agreement"] = {**EQUAL, "differing": 2, "largest_step": 1}
    assert agreement_lines(project.collected, {}) == [
        "outputs, beside this machine's:",
        "  float32, int8_qat: equal",
        "  int8: 2 of 1000 (0.20 %) differ, by at most 1",
    ]
