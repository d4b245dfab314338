"""Columns, units and cells; a cell is empty where nothing was measured, never zero and never a dash."""

from __future__ import annotations

import csv
import io

import pytest

from host.report.choice import short_entries
from host.report.content import make_report
from host.report.tables import all_table, csv_text, device_table, other_table, short_table, training_table
from tests.host.project import MODEL, RUN, dump


def csv_rows(project):
    return list(csv.DictReader(io.StringIO(csv_text(project.read().models))))


def cells(table):
    """By row, by column: its text."""
    assert {len(row) for row in table.rows} <= {len(table.columns)}
    return {row[0]: dict(zip(table.columns, row, strict=True)) for row in table.rows}


def short(project, place=0):
    model = project.model()
    place = model.places[place] if model.places else None
    return cells(short_table(model, short_entries(model, place), place))


def everything(project):
    model = project.model()
    return cells(all_table(model, next(iter(model.places), None)))


def test_the_short_table_has_seven_columns_at_most(project):
    project.write()
    int8 = short(project)["int8"]
    assert int8 == {
        "variant": "int8",
        "loss": "mse",
        "PSNR (dB)": "30.90",
        "SSIM": "0.9500",
        "compression ratio": "8.71",
        "time (ms)": "1.000",
        "size (kB)": "80.0",
    }


def test_nothing_that_was_not_measured_is_zero_or_a_dash(project):
    project.write()
    found = short(project)
    assert found["int16x8"] == {**dict.fromkeys(found["int16x8"], ""), "variant": "int16x8", "loss": "mse"}
    assert (found["jpeg"]["time (ms)"], found["jpeg"]["size (kB)"], found["jpeg"]["loss"]) == ("", "", "")
    for table in project.report().models[0].tables:
        assert not {"-", "0", "0.0", "None", "nan"} & {cell for row in table.rows for cell in row}


def test_times_of_a_short_table_are_those_of_its_place(project):
    project.write()
    assert [short(project, place)["int8"]["time (ms)"] for place in (0, 1)] == ["1.000", "99.000"]
    project.another_run(1, runtime="tflite_runtime 2.14.0", faster=4)
    assert [short(project, place)["int8"]["time (ms)"] for place in (0, 1)] == ["0.250", "1.000"]


def test_all_rows_have_every_column_that_some_row_has_a_value_in(project):
    project.write()
    found = everything(project)
    assert list(found) == [entry.name for entry in project.model().entries]
    expected = {
        "bitstream (bytes)": "352.5",
        "ratio of the codes": "6.00",
        "compression ratio": "8.71",
        "decode (ms)": "0.250",
        "full (ms)": "0.400",
        "decoder (kB)": "50.0",
        "full (kB)": "130.0",
    }
    int8 = found["int8"]
    assert {key: int8[key] for key in expected} == expected
    assert found["keras"]["full (ms)"] == "9.000"
    assert "verdict" not in int8 and "95 % interval" not in int8 and "gzipped (kB)" not in int8


def test_errors_stand_below_the_table_in_one_line_each(project):
    project.row(project.result, "int16x8")["error"] = "no RESIZE\n  in int16x8"
    project.write()
    model = project.model()
    assert "int16x8: device: no RESIZE in int16x8." in all_table(model, None).note


def test_intervals_ratios_of_files_and_verdicts_appear_where_rows_have_them(project):
    row = project.row(project.evaluation, "int8")
    row.update(intervals={"psnr_db": [30.1, 31.7]}, verdict="pass when gzipped: 4.2 times smaller")
    row["ratios"] |= {"keras_weights": 3.25, "keras_weights_gzip": 4.25}
    row["sizes"]["network_gzip_bytes"] = 61_000
    project.write()
    found = everything(project)
    assert (found["int8"]["95 % interval"], found["float32"]["95 % interval"]) == ("30.10..31.70", "")
    assert (found["int8"]["gzipped (kB)"], found["int8"]["verdict"]) == ("61.0", "pass when gzipped: 4.2 times smaller")
    assert [text for title, text in found["int8"].items() if title.startswith("times smaller")] == ["3.25", "4.25"]
    table = {each["row"]: each for each in csv_rows(project)}
    keys = ("psnr_db_low", "psnr_db_high", "network_gzip_kb", "ratio_keras_weights_gzip")
    assert [float(table["int8"][key]) for key in keys] == [30.1, 31.7, 61.0, 4.25]
    assert (table["int8"]["verdict"], table["float32"]["verdict"]) == ("pass when gzipped: 4.2 times smaller", "")


def test_what_is_sent_is_no_rate_where_it_stands_for_no_image(project):
    for result in (project.evaluation, project.result):
        for each in result["rows"]:
            each["ratios"] = {"keras_weights": 2.5} if each["row"] == "int8" else {}
    project.write()
    found = short(project)["int8"]
    assert "compression ratio" not in found and "2.50" in found.values()
    assert "bitstream (bytes)" not in everything(project)["int8"]


def test_the_devices_table_has_intervals_memory_and_the_run(project):
    project.row(project.result, "int8")["latency"]["device"]["median_interval_ns"] = [0.9e6, 1.2e6]
    model = project.write().model()
    place = model.places[0]
    table = device_table(model, place, {"int8": "governor powersave, not performance", "float32": "stable"})
    assert place.text in table.title
    found = cells(table)
    assert list(found) == ["float32", "int8", "int8_qat"]  # a decoder changes nothing on the device
    assert found["int8"] == {
        "variant": "int8",
        "median (ms)": "1.000",
        "95 % interval (ms)": "0.900 to 1.200",
        "mean (ms)": "1.100",
        "p90 (ms)": "1.400",
        "encodes": "200",
        "processes": "10",
        "peak memory (MB)": "36.0",
        "memory of load (MB)": "4.0",
        "run": RUN,
        "stability": "governor powersave, not performance",
    }
    assert (found["float32"]["95 % interval (ms)"], found["float32"]["stability"]) == ("", "stable")
    assert found["int8_qat"]["stability"] == ""  # without raw samples nobody knows


def test_the_outputs_beside_this_machines_are_told_where_the_device_measured(project):
    project.row(project.result, "int8")["agreement"] = {"count": 1000, "differing": 2, "largest_step": 1}
    model = project.write().model()
    device, workstation = (cells(device_table(model, place, {}))["int8"] for place in model.places)
    assert "2 of 1000 (0.20 %) differ, by at most 1" in device.values()
    assert not [text for text in workstation.values() if "differ" in text]


def test_a_place_where_only_decoders_or_nothing_was_timed_has_no_table(project):
    model = project.write().model()
    (place,) = (each for each in model.places if each.device == "pi")
    project.result["rows"] = []
    assert device_table(project.write().model(), place, {}) is None


def test_trainings_with_the_best_epochs_quality_and_their_wall_time(project):
    # As codecs have it: what started a training, and the settings of a stage, are no trainings of their own.
    project.training["stages"]["tune"]["made_by"] = {"epochs": 3}
    project.training["stages"]["float"]["started_from"] = {"training": {"history": []}}
    found = cells(training_table(project.write().model()))
    assert list(found) == ["float", "qat", "qat, control", "tune, int8"]
    assert list(found["float"].values()) == ["float", "6", "5", "60.0 min", "25.00"]
    assert list(found["tune, int8"].values()) == ["tune, int8", "3", "3", "60 s", "23.00"]
    assert training_table(project.write(training=False).model()) is not None
    project.training_file.unlink()
    assert training_table(project.model()) is None


def test_an_evaluation_on_other_images_has_a_table_of_its_own(project):
    project.write()
    dump(project.evaluation_file.with_name("mine.json"), {**project.evaluation, "source": "folder mine", "images": 7})
    (other,) = project.model().others
    table = other_table(other)
    assert "folder mine" in table.title and "7 images" in table.note and "mine.json" in table.note
    assert cells(table)["int8"]["PSNR (dB)"] == "30.90"
    assert "time (ms)" not in table.columns


def test_csv_reads_back_with_units_in_its_names(project):
    project.write()
    found = {(row["row"], row["device"]): row for row in csv_rows(project)}
    int8 = found["int8", "pi"]
    assert [float(int8[key]) for key in ("device_ms", "network_kb", "psnr_db")] == [1.0, 80.0, 30.9]
    assert (int8["model"], int8["source"], int8["family"], int8["quality"]) == (MODEL, "test set", "int8", "")
    assert found["jpeg", ""]["ratio_nominal"] == ""
    assert found["int16x8", ""]["error"].endswith("RESIZE | in int16x8")


def test_csv_has_every_row_at_every_place_with_its_run(project):
    project.sweep(1, 4).write()
    newer = project.another_run(1, runtime="tflite_runtime 2.14.0", faster=2)
    large = project.another_run(2, image_shapes=[[512, 768, 3]])
    found = [row for row in csv_rows(project) if row["row"] == "int8"]
    keys = ("device", "runtime", "threads", "pixels", "run_id", "device_ms")
    assert sorted(tuple(row[key] for key in keys) for row in found) == sorted(
        [
            ("pi", "ai_edge_litert 2.3.0", "1", "", RUN, "1.0"),
            ("pi", "ai_edge_litert 2.3.0", "4", "", RUN, "0.25"),
            ("pi", "tflite_runtime 2.14.0", "1", "", newer["run_id"], "0.5"),
            ("pi", "tflite_runtime 2.14.0", "4", "", newer["run_id"], "0.125"),
            ("pi", "ai_edge_litert 2.3.0", "1", "768 x 512", large["run_id"], "1.0"),
            ("pi", "ai_edge_litert 2.3.0", "4", "768 x 512", large["run_id"], "0.25"),
            ("bench-pc", "ai_edge_litert 2.3.0", "", "", "", "99.0"),
        ]
    )
    # Wherever it was timed, its quality is of one source.
    assert {(row["psnr_db"], row["source"]) for row in found} == {("30.9", "test set")}


@pytest.mark.parametrize("emulated", [False, True])
def test_emulated_times_are_labelled_in_every_table_that_has_some(project, emulated):
    if emulated:
        project.emulate()
    project.write()
    report = make_report(project.read())
    tables = [report.models[0].short, *report.models[0].tables]
    of_the_device = [table for table in tables if "pi, ai_edge_litert" in f"{table.title} {table.note}"]
    assert of_the_device
    labelled = ["emulated, not speed" in f"{table.title} {table.note}" for table in of_the_device]
    assert set(labelled) == {emulated}
    assert {row["emulated"] for row in csv_rows(project) if row["device"] == "pi"} == {"qemu-user" if emulated else ""}
