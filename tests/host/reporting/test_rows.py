"""What ends up in a row of the final table, and from where."""

from __future__ import annotations

from host.reporting.columns import milliseconds
from host.reporting.rows import time_source
from host.reporting.sources import one_per_name
from host.results import Latency, Row


def rows(project):
    return {row.row: row for row in project.model().rows}


def test_quality_is_the_test_sets_and_encode_time_the_devices(project):
    project.row(project.result, "int8")["sizes"].update(network_bytes=81_000, decoder_bytes=1)
    row = rows(project.write())["int8"]
    assert (row.metrics["psnr_db"], row.source) == (30.90, "test set")
    assert [milliseconds(row, part) for part in ("device", "decoder", "full")] == [1.0, 0.25, 0.4]
    assert [row.sizes[f"{part}_bytes"] for part in ("network", "decoder", "full")] == [81_000, 50_000, 130_000]
    assert row.ratios == {"nominal": 6.0, "actual": 8.715}


def test_the_workstations_encoder_is_never_shown_as_the_devices(project):
    del project.row(project.result, "int8")["latency"]
    assert "device" not in rows(project.write())["int8"].latency


def test_without_an_evaluation_quality_is_the_samples(project):
    found = rows(project.write(evaluation=False))
    assert (found["int8"].metrics["psnr_db"], found["int8"].source) == (29.0, "samples")
    assert "keras" not in found


def test_a_row_of_a_failed_evaluation_takes_all_its_quality_from_the_samples(project):
    row = project.row(project.evaluation, "int8")
    row.update(error="no\ndecoder", metrics={})
    found = rows(project.write())["int8"]
    assert (found.metrics["psnr_db"], found.source, found.error) == (29.0, "samples", "test set: no decoder")
    # Means of other images than all the rest have no place beside them.
    assert "int8" not in {row.row for row in project.model().judged()}


def test_each_number_of_threads_is_a_row_with_the_same_quality(project):
    found = project.sweep(1, 4).write().model().rows
    int8 = [row for row in found if row.row == "int8"]
    assert [(row.threads, milliseconds(row, "device"), row.metrics["psnr_db"]) for row in int8] == [
        (1, 1.0, 30.90),
        (4, 0.25, 30.90),
    ]
    assert [row.row for row in one_per_name(found)] == list({row.row: None for row in found})
    assert [row.threads for row in one_per_name(int8)] == [1]


def test_a_row_that_says_another_source_keeps_it(project):
    project.row(project.result, "int8")["source"] = "folder mine"
    assert rows(project.write(evaluation=False))["int8"].source == "folder mine"


def test_a_variant_that_failed_on_the_device_keeps_the_reason_and_no_numbers(project):
    row = rows(project.write())["int16x8"]
    assert row.error == "device: the runtime has no RESIZE | in int16x8"
    assert (row.metrics, row.latency, row.source) == ({}, {}, None)


def test_a_variant_that_only_the_run_has_stands_before_the_baselines(project):
    found = list(rows(project.write()))
    assert found == ["keras", "float32", "int8", "int8_qat", "int8+tuned", "int16x8", "pca", "jpeg", "jpeg-headerless"]


def test_sources_of_times_name_every_place(project):
    found = rows(project.write()).values()
    assert time_source(found, "device") == "pi, ai_edge_litert 2.3.0, n=200 of 10 processes"
    fewer = Row("other", latency={"decoder": Latency("bench-pc", "ai_edge_litert 2.3.0", 100, 1.0, 1.0, 1.0)})
    assert time_source([*found, fewer], "decoder") == "bench-pc, ai_edge_litert 2.3.0, n=100 to 150"
    assert time_source(found, "full") == "bench-pc, ai_edge_litert 2.3.0, n=150; bench-pc, keras, batch 1, n=100"
    assert time_source([], "full") is None
