"""Columns, units and widths of the tables."""

from __future__ import annotations

import csv
import io

import pytest

from host.metrics import PSNR
from host.reporting.columns import WIDTH, size_text
from host.reporting.tables import device_markdown, final_csv, final_markdown, final_text, short_text, training_markdown
from host.reporting.training import training_rows


def line_of(lines, name):
    return next(line for line in lines if line.split()[:1] == [name])


def blocks(lines):
    """The lines of quality and those of costs."""
    second = next(index for index, line in enumerate(lines) if line.split()[:1] == ["encode"])
    return lines[:second], lines[second:]


def csv_rows(project):
    return list(csv.DictReader(io.StringIO(final_csv([project.model()]))))


@pytest.mark.parametrize("text", [final_text, short_text])
def test_no_text_is_wider_than_the_terminal(project, text):
    for row in (*project.result["rows"], *project.evaluation["rows"]):
        row["row"] += "_of_a_recipe_with_a_long_name"
    assert max(map(len, text([project.sweep(1, 4).write().model()]))) <= WIDTH


def test_the_final_table_in_the_terminal_has_a_block_of_quality_and_one_of_costs(project):
    lines = final_text([project.write().model()])
    quality, costs = blocks(lines)
    assert lines[0] == "tiny-mse (mse): test set, 10000 images of 32 x 24 pixels"
    assert line_of(quality, "int8").split() == ["int8", "30.90", "0.9500", "2.750", "352.5", "6.00", "8.71"]
    assert line_of(costs, "int8").split() == ["int8", "1.000", "0.250", "0.400", "80.0", "50.0", "130.0"]
    assert line_of(costs, "keras").split() == ["keras", "-", "-", "9.000", "-", "-", "700.0"]
    assert any(line.startswith("int16x8: device: the runtime") for line in lines)
    # What has neither times nor sizes is in the first block only.
    assert not any(line.startswith("jpeg") for line in costs)
    assert "thread" not in " ".join(lines) and "emulated" not in " ".join(lines)


def test_every_title_stands_above_its_values(project):
    lines = final_text([project.write().model()])
    for name, title in (("int8+tuned", "SSIM"), ("int8", "decode")):
        titles = next(line for line in lines if title in line.split())
        row = next(line for line in lines[lines.index(titles) :] if line.split()[:1] == [name])
        end = titles.index(title) + len(title)
        assert row[end - 1].isdigit() and row[end : end + 1] in ("", " ")


def test_several_numbers_of_threads_are_told_apart_everywhere(project):
    project.sweep(1, 4)
    project.result["rows"][3].update(error="out of memory")  # int8 with 4 threads
    lines = final_text([project.write().model()])
    found = [line.split() for line in blocks(lines)[1] if line.startswith("int8, ") and "device:" not in line]
    assert [(entry[1], entry[3]) for entry in found] == [("1", "1.000"), ("4", "0.250")]
    assert "int8, 4 threads: device: out of memory" in " ".join(" ".join(lines).split())
    assert "| tiny-mse int8, 4 threads | mse |" in final_markdown([project.model()])
    assert "tiny-mse int8, 4 threads" in device_markdown([project.model()])
    assert [row["threads"] for row in csv_rows(project) if row["row"] == "int8"] == ["1", "4"]


def test_emulated_times_are_labelled_in_every_table(project):
    project.emulate()
    model = project.write().model()
    assert "encode: on the device, emulated, not speed; decode, full: on the workstation" in " ".join(
        final_text([model])
    )
    assert "Encode (ms, emulated, not speed)" in final_markdown([model])
    assert "Median of one image (ms, emulated, not speed)" in device_markdown([model])
    table = {row["row"]: row for row in csv_rows(project)}
    assert (table["int8"]["emulated"], table["keras"]["emulated"]) == ("qemu-user", "")


def test_the_short_table_has_the_variants_that_stand_out(project):
    for name, time in (("float32", 2e6), ("int8_qat", 0.9e6)):
        project.row(project.result, name)["latency"]["device"]["median_ns"] = time
    project.row(project.evaluation, "int8_qat")["sizes"]["bitstream_bytes"] = 300.0
    lines = short_text([project.write().model()])
    found = [line.split("  ") for line in lines if line.startswith("  ") and "(" in line]
    assert [line[1] for line in found] == ["int8+tuned (best)", "int8_qat (fastest, smallest)"]
    assert any("1 row is incomplete" in line for line in lines)
    assert line_of(lines, "int8+tuned").split()[2:] == ["31.15", "352.5", "8.71", "1.000", "80.0"]


def test_the_best_by_a_metric_of_which_less_is_better(project):
    for where in (project.result, project.evaluation):
        where["metrics"][0]["higher_is_better"] = False
    lines = short_text([project.write().model()])
    assert line_of(lines, "int8").split()[1].startswith("(best")  # 30.90, the lowest


def test_the_devices_table_has_the_interval_of_the_median(project):
    project.row(project.result, "int8")["latency"]["device"].update(processes=10, median_interval_ns=[0.9e6, 1.2e6])
    lines = device_markdown([project.write().model()]).splitlines()
    (line,) = (line for line in lines if line.startswith("| tiny-mse int8 |"))
    assert "| tiny-mse int8 | 1.000 | 0.900 to 1.200 | 1.100 | 1.400 | 200 | 10 | 36.0 | 4.0 |" in line
    assert lines[0].count("|") == line.count("|")
    assert "| tiny-mse float32 | 2.000 | - |" in "\n".join(lines)


def test_the_final_table_in_markdown_has_as_many_cells_in_every_row(project):
    model = project.write().model()
    lines = final_markdown([model]).splitlines()
    assert len(lines) == 2 + len(model.rows)
    assert len({line.count(" |") for line in lines}) == 1
    costs = "352.5 | 6.00 | 8.71 | 1.000 | 0.250 | 0.400 | 80.0 | 50.0 | 130.0 |"
    assert f"| tiny-mse int8 | mse | 30.90 | 0.9500 | 2.750 | {costs}" in lines


def test_csv_reads_back_with_units_in_its_names(project):
    project.write()
    found = {row["row"]: row for row in csv_rows(project)}
    assert [float(found["int8"][key]) for key in ("device_ms", "network_kb", "psnr_db")] == [1.0, 80.0, 30.9]
    assert (found["int8"]["source"], found["int8"]["family"], found["int8"]["quality"]) == ("test set", "int8", "")
    assert found["jpeg"]["ratio_nominal"] == ""
    assert found["int16x8"]["error"].endswith("RESIZE | in int16x8")


def test_trainings_with_the_best_epochs_quality_and_their_wall_time(project):
    # As codecs have it: what started a training, and the settings of a stage, are no trainings of their own.
    project.training["stages"]["tune"]["made_by"] = {"epochs": 3}
    project.training["stages"]["float"]["started_from"] = {"training": {"history": []}}
    found = training_rows(project.training)
    assert [row.stage for row in found] == ["float", "qat", "qat, control", "tune, int8"]
    lines = training_markdown((("m", row) for row in found), [PSNR]).splitlines()
    assert lines[0].endswith("| Validation PSNR (dB) |")
    assert lines[2] == "| m | float | 6 | 5 | 60.0 min | 25.00 |"
    assert lines[-1] == "| m | tune, int8 | 3 | 3 | 60 s | 23.00 |"
    assert training_rows({}) == []


def test_sizes_are_width_first(project):
    assert size_text([(24, 32, 3)]) == "32 x 24"
    assert size_text([(512, 768, 3), (768, 512, 3), (10, 20, 1)]) == "20 x 10 to 768 x 512"


def test_intervals_ratios_of_files_and_verdicts_appear_where_rows_have_them(project):
    plain = final_markdown([project.write().model()])
    assert "Interval" not in plain and "Times smaller" not in plain and "Verdict" not in plain
    assert not {"psnr_db_low", "network_gzip_kb", "verdict"} & set(csv_rows(project)[0])
    row = project.row(project.evaluation, "int8")
    row.update(intervals={"psnr_db": [30.1, 31.7]}, verdict="pass when gzipped: 4.2 times smaller")
    row["ratios"] |= {"keras_weights": 3.25, "keras_weights_gzip": 4.25}
    row["sizes"]["network_gzip_bytes"] = 61_000
    model = project.write().model()
    lines = final_text([model])
    assert max(map(len, lines)) <= WIDTH
    text = " ".join(" ".join(lines).split())
    assert "30.10..31.70" in text and "pass when gzipped: 4.2 times smaller: int8" in text
    assert "keras weights: how many times smaller than that file the network's is" in text
    head, _, *lines = final_markdown([model]).splitlines()
    assert head.endswith(
        "| Gzipped (kB) | Times smaller than keras weights | Times smaller than keras weights gzip | Verdict |"
    )
    (line,) = (each for each in lines if each.startswith("| tiny-mse int8 |"))
    assert line.endswith("| 61.0 | 3.25 | 4.25 | pass when gzipped: 4.2 times smaller |")
    found = {each["row"]: each for each in csv_rows(project)}
    keys = ("psnr_db_low", "psnr_db_high", "network_gzip_kb", "ratio_keras_weights_gzip")
    assert [float(found["int8"][key]) for key in keys] == [30.1, 31.7, 61.0, 4.25]
    assert (found["int8"]["verdict"], found["float32"]["verdict"]) == ("pass when gzipped: 4.2 times smaller", "")


def test_what_is_sent_is_no_rate_where_it_stands_for_no_image(project):
    for result in (project.evaluation, project.result):
        for each in result["rows"]:
            each["ratios"] = {}
    model = project.write().model()
    assert "device: all its work on one image" in " ".join(final_text([model]))
    for result in (project.evaluation, project.result):
        project.row(result, "float32")["sizes"]["network_bytes"] = 20_000  # its stream is as long as the others'
    (line,) = (line for line in short_text([project.write().model()]) if "float32" in line)
    assert "smallest" in line
