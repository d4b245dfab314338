"""What ends up in a row of the final table, and from where."""

from __future__ import annotations

from host.reporting.rows import one_per_name, report_rows, time_source
from host.reporting.sources import read_sources


def rows(project):
    return {row.row: row for row in report_rows(read_sources(None, project.models, project.benchmarks).models[0])}


def test_quality_is_the_test_sets_and_encode_time_the_devices(project):
    project.row(project.result, "int8")["sizes"].update(encoder_bytes=81_000, decoder_bytes=1)
    row = rows(project.write())["int8"]
    assert (row.psnr_db, row.quality, row.images) == (30.90, "test set", 10000)
    assert (row.milliseconds("encoder"), row.milliseconds("decoder"), row.milliseconds("full")) == (1.0, 0.25, 0.4)
    assert row.workstation_encoder_time["median_ns"] == 99_000_000
    assert (row.megabytes("encoder"), row.megabytes("decoder"), row.megabytes("full")) == (0.081, 0.05, 0.13)
    assert (row.ratio_nominal, row.ratio_actual, row.loss) == (6.0, 8.715, "mse")


def test_without_an_evaluation_quality_is_the_samples(project):
    found = rows(project.write(evaluation=False))
    assert (found["int8"].psnr_db, found["int8"].quality, found["int8"].images) == (29.0, "samples", 64)
    assert "keras" not in found


def test_a_row_of_a_failed_evaluation_takes_all_its_quality_from_the_samples(project):
    row = project.row(project.evaluation, "int8")
    row["error"] = "no\ndecoder"
    found = rows(project.write())["int8"]
    assert (found.psnr_db, found.quality, found.images, found.error) == (29.0, "samples", 64, "test set: no decoder")


def test_a_tuned_row_shares_its_variants_encode_and_encoder(project):
    del project.row(project.result, "int8+tuned")["sizes"]
    row = rows(project.write())["int8+tuned"]
    assert row.milliseconds("encoder") == 1.0
    assert row.milliseconds("full") is None
    assert row.memory["peak_rss_bytes"] == 36e6
    assert row.encoder_bytes == 80_000


def test_each_number_of_threads_is_a_row_with_the_same_quality(project):
    found = report_rows(read_sources(None, project.models, project.sweep(1, 4).write().benchmarks).models[0])
    int8 = [row for row in found if row.row == "int8"]
    assert [(row.threads, row.milliseconds("encoder"), row.psnr_db) for row in int8] == [
        (1, 1.0, 30.90),
        (4, 0.25, 30.90),
    ]
    assert [row.row for row in one_per_name(found)] == list({row.row: None for row in found})
    assert next(row for row in found if row.row == "keras").threads is None


def test_own_images_are_not_called_samples(project):
    project.result["images_from"] = "folder"
    assert rows(project.write(evaluation=False))["int8"].quality == "own images"


def test_a_variant_that_failed_on_the_device_keeps_the_reason_and_no_numbers(project):
    row = rows(project.write())["int16x8"]
    assert row.error == "device: the runtime has no RESIZE | in int16x8"
    assert (row.psnr_db, row.encoder_time, row.quality) == (None, None, None)


def test_order_is_keras_variants_baselines_and_baselines_have_no_loss(project):
    found = list(rows(project.write()).values())
    assert [row.kind for row in found] == ["keras"] + ["variant"] * 5 + ["baseline"] * 3
    assert found[-1].loss is None
    assert found[0].full_bytes == 700_000


def test_numbers_that_are_not_finite_are_absent(project):
    project.row(project.evaluation, "int8")["metrics"]["psnr_db"] = float("nan")
    project.row(project.result, "int8")["latency"]["encoder"]["p90_ns"] = float("inf")
    row = rows(project.write())["int8"]
    assert row.psnr_db is None
    assert "p90_ns" not in row.encoder_time
    assert "psnr_db" not in row.as_json()


def test_sources_of_times_name_every_place(project):
    found = rows(project.write()).values()
    assert time_source(found, "encoder") == "pi, ai_edge_litert 2.3.0, n=200 of 10 processes"
    assert time_source(found, "full") == "bench-pc, ai_edge_litert 2.3.0, n=100 to 150"
    assert time_source([], "full") is None
