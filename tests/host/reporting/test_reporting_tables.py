"""Columns, units and widths of the tables."""

from __future__ import annotations

import csv
import io

from host.reporting.columns import WIDTH
from host.reporting.markdown import device_markdown, final_markdown, training_markdown
from host.reporting.rows import report_rows
from host.reporting.sources import read_sources
from host.reporting.tables import final_csv, final_text
from host.reporting.training import training_rows


def rows(project):
    return report_rows(read_sources(None, project.models, project.benchmarks).models[0])


def line_of(lines, name):
    return next(line for line in lines if line.split()[:1] == [name])


def test_no_text_is_wider_than_the_terminal(project):
    for row in (*project.result["rows"], *project.evaluation["rows"]):
        row["row"] += "_of_a_recipe_with_a_long_name"
    assert all(len(line) <= WIDTH for line in final_text(rows(project.write())))


def test_the_final_table_in_the_terminal_has_a_block_of_quality_and_one_of_costs(project):
    lines = final_text(rows(project.write()))
    blank = lines.index("")
    quality, costs = lines[:blank], lines[blank + 1 :]
    assert line_of(quality, "int8").split() == ["int8", "mse", "30.90", "0.9500", "6.00", "8.71"]
    assert line_of(costs, "int8").split() == ["int8", "1.000", "0.250", "0.400", "0.080", "0.050", "0.130"]
    assert line_of(costs, "keras").split() == ["keras", "-", "-", "9.000", "-", "-", "0.700"]
    assert "failed: device: the runtime" in line_of(quality, "int16x8")
    # What has neither times nor sizes is in the first block only.
    assert not any(line.startswith("jpeg") for line in costs)
    assert "threads" not in " ".join(lines) and "emulated" not in " ".join(lines)


def test_every_title_stands_above_its_values(project):
    lines = final_text(rows(project.write()))
    for name, title in (("int8+tuned", "SSIM"), ("int8", "decode")):
        titles = next(line for line in lines if title in line.split())
        row = next(line for line in lines[lines.index(titles) :] if line.split()[:1] == [name])
        end = titles.index(title) + len(title)
        assert row[end - 1].isdigit() and row[end : end + 1] in ("", " ")


def test_several_numbers_of_threads_show_in_the_costs_only(project):
    lines = final_text(rows(project.sweep(1, 4).write()))
    blank = lines.index("")
    assert [line.split()[0] for line in lines[:blank]].count("int8") == 1
    found = [line.split() for line in lines[blank:] if line.startswith("int8 ")]
    assert [(entry[1], entry[2]) for entry in found] == [("1", "1.000"), ("4", "0.250")]
    assert line_of(lines[blank:], "row").split()[1] == "threads"
    assert all(len(line) <= WIDTH for line in lines)
    markdown = final_markdown(rows(project))
    assert "| tiny-mse int8, 4 threads | mse |" in markdown and "| tiny-mse keras | mse |" in markdown
    assert "tiny-mse int8, 4 threads" in device_markdown(rows(project))
    table = list(csv.DictReader(io.StringIO(final_csv(rows(project)))))
    assert [row["threads"] for row in table if row["row"] == "int8"] == ["1", "4"]


def test_a_row_that_failed_with_one_number_of_threads_says_with_which(project):
    project.sweep(1, 4)
    bad = next(row for row in project.result["rows"] if row["row"] == "int8" and row["threads"] == 4)
    bad["error"] = "out of memory"
    lines = final_text(rows(project.write()))
    assert "failed: 4 threads: device: out of memory" in " ".join(" ".join(lines).split())


def test_emulated_times_are_labelled_in_every_table(project):
    project.emulate()
    found = rows(project.write())
    assert "encode: on the device, emulated, not speed; decode, full: on the workstation" in final_text(found)
    assert "encoder (device; emulated, not speed)" in final_markdown(found)
    assert "Encode median (ms; emulated, not speed)" in device_markdown(found)
    table = {row["row"]: row for row in csv.DictReader(io.StringIO(final_csv(found)))}
    assert table["int8"]["encoder_device_emulated"] == "qemu-user"
    assert table["keras"]["encoder_device_emulated"] == ""


def test_an_emulated_run_of_version_1_is_labelled_too(project):
    project.run.update(format_version=1, threads=1, emulated=True)
    assert "encode: on the device, emulated, not speed; decode, full: on the workstation" in final_text(
        rows(project.write())
    )


def test_the_devices_table_has_the_interval_of_the_median(project):
    project.row(project.result, "int8")["latency"]["encoder"].update(processes=10, median_interval_ns=[0.9e6, 1.2e6])
    lines = device_markdown(rows(project.write())).splitlines()
    (line,) = (line for line in lines if line.startswith("| tiny-mse int8 |"))
    assert "| tiny-mse int8 | 1.000 | 0.900 to 1.200 | 1.100 | 1.400 | 200 | 10 | 36.0 | 4.0 |" in line
    assert lines[0].count("|") == line.count("|")
    assert "| tiny-mse float32 | 2.000 | - |" in "\n".join(lines)


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
