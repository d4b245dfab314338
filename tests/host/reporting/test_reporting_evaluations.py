"""What collect and evaluate print: numbers under their titles, codes in words, and never more than 80 columns."""

from __future__ import annotations

import pytest

from host.reporting.columns import WIDTH
from host.reporting.evaluations import codes_text, codes_words, evaluation_text, rows_text

EQUAL = {"count": 1000, "differing": 0, "differing_share": 0.0, "largest_step": 0}
HOST = {"machine": "x86_64", "runtime": "ai_edge_litert 2.3.0"}


def line_of(lines, name):
    return next(line for line in lines if line.split()[:1] == [name])


def test_rows_text_puts_each_number_under_its_title_and_unit(project):
    lines = rows_text(project.result).splitlines()
    assert lines[0] == "tiny-mse: means of 64 images; latent 512 bytes, ratio 6.00 nominal"
    assert lines[1].split() == ["row", "PSNR", "SSIM", "stream", "bpp", "ratio", "encode", "encoder"]
    assert lines[2].split() == ["dB", "bytes", "actual", "ms", "kB"]
    assert line_of(lines, "int8").split() == [
        "int8",
        "29.00",
        "0.9500",
        "352.5",
        "2.750",
        "8.71",
        "1.000",
        "80.0",
    ]
    assert line_of(lines, "int8+tuned").split()[-2:] == ["-", "80.0"]


def test_a_failed_row_is_lines_that_say_why(project):
    project.row(project.result, "int16x8")["error"] = "a long\nreason " * 30
    lines = rows_text(project.result).splitlines()
    index = lines.index(line_of(lines, "int16x8"))
    assert lines[index].split()[1:4] == ["failed:", "a", "long"]
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
        row["codes"] = {"not_compared": "a reason of many words " * 9}
    lines = evaluation_text(project.run).splitlines()
    assert all(len(line) <= WIDTH for line in lines)


def test_numbers_of_threads_are_a_column_where_they_differ(project):
    assert "threads" not in rows_text(project.result)
    lines = rows_text(project.sweep(1, 4).result).splitlines()
    assert lines[1].split()[:2] == ["row", "threads"]
    found = [line.split() for line in lines if line.startswith("int8 ")]
    assert [(entry[1], entry[-2]) for entry in found] == [("1", "1.000"), ("4", "0.250")]


def test_the_heading_names_run_device_runtime_and_threads(project):
    heading = evaluation_text(project.run).split("\n\n")[0]
    assert heading.splitlines() == [
        f"run {project.run['run_id']}, 2026-01-02T03:04:05Z",
        "device pi, ai_edge_litert 2.3.0, 1 thread",
    ]
    assert ", threads 1, 2" in evaluation_text({**project.run, "threads": [1, 2]})
    # As version 1 had it.
    assert "1 thread\n" in evaluation_text({**project.run, "threads": 1})
    assert "4 threads\n" in evaluation_text({**project.run, "threads": 4})


def test_emulated_times_are_labelled_in_the_heading_and_at_each_table(project):
    assert "emulated" not in evaluation_text(project.run)
    project.emulate()
    heading, table = evaluation_text(project.run).split("\n\n")
    assert "times: emulated, not speed" in heading.splitlines()
    assert "times: emulated, not speed" in table.splitlines()[1]


def test_notes_stand_in_the_heading(project):
    project.run["notes"] = ["no PSNR: give the folder of the images"]
    assert "no PSNR: give the folder of the images" in evaluation_text(project.run).split("\n\n")[0]


@pytest.mark.parametrize(
    ("codes", "words"),
    [
        (EQUAL, "equal"),
        (
            {"count": 32768, "differing": 39, "differing_share": 39 / 32768, "largest_step": 1},
            "39 of 32768 (0.12 %) differ, by at most 1",
        ),
        (
            {"count": 5_120_000, "differing": 1, "differing_share": 1 / 5_120_000, "largest_step": 3},
            "1 of 5120000 (0.00 %) differ, by at most 3",
        ),
        (
            {"count": 100, "differing": 100, "differing_share": 1.0, "largest_step": 9},
            "100 of 100 (100.00 %) differ, by at most 9",
        ),
        ({"not_compared": "the images are not at hand"}, "not compared: the images are not at hand"),
    ],
)
def test_codes_in_words(codes, words):
    assert codes_words(codes) == words


def test_equal_codes_are_one_line_and_others_are_told_apart(project):
    for row in project.result["rows"][:-1]:
        row["codes"] = EQUAL
    assert codes_text(project.result, HOST) == ["codes: equal to this machine's (x86_64, ai_edge_litert 2.3.0)"]
    for name in ("int8", "int8+tuned"):
        project.row(project.result, name)["codes"] = {
            **EQUAL,
            "differing": 2,
            "differing_share": 0.002,
            "largest_step": 1,
        }
    assert codes_text(project.result, {}) == [
        "codes, beside this machine's:",
        "  float32, int8_qat: equal",
        "  int8: 2 of 1000 (0.20 %) differ, by at most 1",
    ]


def test_where_nobody_looked_nothing_is_said(project):
    assert codes_text(project.result, HOST) == []
