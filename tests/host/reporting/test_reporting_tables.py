"""Columns, units and widths of the tables."""

from __future__ import annotations

import csv
import io

from host.reporting.markdown import final_markdown, training_markdown
from host.reporting.rows import report_rows
from host.reporting.sources import read_sources
from host.reporting.tables import WIDTH, evaluation_text, final_csv, final_text, rows_text
from host.reporting.training import training_rows


def rows(project):
    return report_rows(read_sources(None, project.models, project.benchmarks).models[0])


def line_of(lines, name):
    return next(line for line in lines if line.split()[:1] == [name])


def test_rows_text_puts_each_number_under_its_title_and_unit(project):
    lines = rows_text(project.result).splitlines()
    assert "64 images" in lines[0] and "set-tag" in lines[0]
    assert lines[1].split() == [
        "row",
        "PSNR",
        "SSIM",
        "latent",
        "payload",
        "stream",
        "bpp",
        "ratio",
        "encode",
        "encoder",
    ]
    assert lines[2].split() == ["dB", "bytes", "bytes", "bytes", "actual", "ms", "kB"]
    assert line_of(lines, "int8").split() == [
        "int8",
        "29.00",
        "0.9500",
        "512",
        "336.5",
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
    name = "a-model-with-a-name-that-is-far-too-long-for-any-table-of-a-hundred-columns-" * 2
    project.result["model"] = name
    project.run["device"] = "raspberry pi " * 12
    for row in project.result["rows"]:
        row["row"] += "_of_a_recipe_with_a_long_name"
    assert all(len(line) <= WIDTH for line in evaluation_text(project.run).splitlines())
    assert all(len(line) <= WIDTH for line in final_text(rows(project.write())))


def test_evaluation_text_names_the_run_and_its_device(project):
    text = evaluation_text(project.run)
    assert all(
        word in text.split("\n\n")[0] for word in (project.run["run_id"], "device pi", "litert 2.3.0", "1 thread")
    )
    assert "emulated" not in text
    assert "emulated" in evaluation_text({**project.run, "emulated": True})


def test_the_final_table_in_the_terminal(project):
    lines = final_text(rows(project.write()))
    assert line_of(lines, "int8").split() == [
        "int8",
        "mse",
        "30.90",
        "0.9500",
        "6.00",
        "8.71",
        "1.000",
        "0.250",
        "0.400",
        "0.080",
        "0.050",
        "0.130",
    ]
    assert line_of(lines, "keras").split()[4:] == ["-", "-", "-", "-", "9.000", "-", "-", "0.700"]
    assert "failed: device: the runtime" in line_of(lines, "int16x8")


def test_the_final_table_in_markdown_has_as_many_cells_in_every_row(project):
    found = rows(project.write())
    lines = final_markdown(found).splitlines()
    assert len(lines) == 2 + len(found)
    assert {line.count(" |") for line in lines} == {11}
    assert (
        "| tiny-mse int8 | mse | 30.90 | 0.9500 | 6.00 / 8.71 | 1.000 | 0.250 | 0.400 | 0.080 | 0.050 | 0.130 |"
        in lines
    )


def test_csv_reads_back_with_units_in_its_names(project):
    found = {row["row"]: row for row in csv.DictReader(io.StringIO(final_csv(rows(project.write()))))}
    int8 = found["int8"]
    assert (float(int8["encoder_device_median_ms"]), float(int8["encoder_mb"]), float(int8["psnr_db"])) == (
        1.0,
        0.08,
        30.9,
    )
    assert (int8["quality_from"], int8["quality_images"]) == ("test set", "10000")
    assert found["jpeg"]["ratio_nominal"] == ""
    assert found["int16x8"]["error"].endswith("RESIZE | in int16x8")


def test_trainings_with_the_best_epochs_quality_and_their_wall_time(project):
    found = training_rows(project.training)
    assert [row.stage for row in found] == ["float", "qat", "control (float continued)", "tune, decoder for int8"]
    lines = training_markdown(("m", row) for row in found).splitlines()
    assert lines[2] == "| m | float | 6 | 5 | 60.0 min | 25.00 |"
    assert lines[-1] == "| m | tune, decoder for int8 | 3 | 3 | 60 s | 23.00 |"
    assert training_rows({}) == []
