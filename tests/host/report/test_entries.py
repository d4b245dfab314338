"""What ends up in a row, and from where: quality of one source, times by place, files of the device."""

from __future__ import annotations

import pytest

from host.report.places import Place

PI = Place("pi", "ai_edge_litert 2.3.0", 1)
PC = Place("bench-pc", "ai_edge_litert 2.3.0", None, bench=False)


def entries(project):
    return {entry.name: entry for entry in project.model().entries}


def test_quality_is_the_test_sets_and_time_the_devices(project):
    project.row(project.result, "int8")["sizes"].update(network_bytes=81_000, decoder_bytes=1)
    entry = entries(project.write())["int8"]
    assert (entry.row.metrics["psnr_db"], entry.row.source) == (30.90, "test set")
    assert entry.judged_in == project.evaluation_file
    assert entry.ms(PI) == 1.0
    assert {part: time.median_ns for part, time in entry.row.latency.items()} == {"decoder": 250_000, "full": 400_000}
    # The network's file is the one that was measured; decoders are the newer ones.
    assert [entry.row.sizes[f"{part}_bytes"] for part in ("network", "decoder", "full")] == [81_000, 50_000, 130_000]
    assert entry.row.ratios == {"nominal": 6.0, "actual": 8.715}


def test_the_workstations_encoder_is_never_shown_as_the_devices(project):
    del project.row(project.result, "int8")["latency"]
    entry = entries(project.write())["int8"]
    assert dict.fromkeys(entry.times) == {PC: None}
    assert (entry.ms(PC), entry.ms(PI), entry.ms(None)) == (99.0, None, None)
    assert entry.times[PC].run is None


def test_a_time_names_the_run_that_measured_it_and_its_memory(project):
    time = entries(project.write())["int8"].times[PI]
    assert time.run.run.run_id == project.run["run_id"] and time.run.folder == project.run_folder
    assert time.memory["peak_rss_bytes"] == 36e6


def test_without_an_evaluation_quality_is_the_samples(project):
    found = entries(project.write(evaluation=False))
    assert (found["int8"].row.metrics["psnr_db"], found["int8"].row.source) == (29.0, "samples")
    assert found["int8"].judged_in == project.run_folder / "evaluation.json"
    assert "keras" not in found


def test_a_row_of_a_failed_evaluation_takes_all_its_quality_from_the_samples(project):
    project.row(project.evaluation, "int8").update(error="no\ndecoder", metrics={})
    entry = entries(project.write())["int8"]
    assert (entry.row.metrics["psnr_db"], entry.row.source) == (29.0, "samples")
    assert entry.row.error == "test set: no decoder"
    # Means of other images than all the rest have no place beside them.
    assert "int8" not in {each.name for each in project.model().judged()}


def test_a_row_that_says_another_source_keeps_it(project):
    project.row(project.result, "int8")["source"] = "folder mine"
    assert entries(project.write(evaluation=False))["int8"].row.source == "folder mine"


def test_a_variant_that_failed_on_the_device_keeps_the_reason_and_no_numbers(project):
    entry = entries(project.write())["int16x8"]
    assert entry.row.error == "device: the runtime has no RESIZE | in int16x8"
    assert (entry.row.metrics, entry.row.latency, entry.times, entry.judged_in) == ({}, {}, {}, None)
    assert entry.row.source is None


def test_a_variant_that_only_the_run_has_stands_before_the_baselines(project):
    found = list(entries(project.write()))
    assert found == ["keras", "float32", "int8", "int8_qat", "int8+tuned", "int16x8", "pca", "jpeg", "jpeg-headerless"]


def test_what_failed_in_the_newest_run_is_judged_by_the_one_before(project):
    project.write(evaluation=False)
    newest = project.another_run(1, faster=2)
    project.row(newest["results"][0], "int8").update(error="out of memory", metrics={})
    project.run = newest
    project.write(evaluation=False)
    entry = entries(project)["int8"]
    assert entry.row.metrics["psnr_db"] == 29.0 and entry.judged_in.parent.name == "20260102T030405Z-pi-0a1b"


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"device": "board"}, Place("board", "ai_edge_litert 2.3.0", 1)),
        ({"runtime": "tflite_runtime 2.14.0"}, Place("pi", "tflite_runtime 2.14.0", 1)),
        ({"emulated": "qemu-user"}, Place("pi", "ai_edge_litert 2.3.0", 1, "qemu-user")),
    ],
)
def test_times_of_two_places_stand_beside_each_other(project, changes, place):
    project.write().another_run(1, faster=4, **changes)
    times = entries(project)["int8"].times
    assert {where: time.ms for where, time in times.items()} == {place: 0.25, PI: 1.0, PC: 99.0}


def test_each_number_of_threads_is_a_place(project):
    project.sweep(1, 4)
    times = entries(project.write())["int8"].times
    assert {place.threads: time.ms for place, time in times.items() if place.bench} == {1: 1.0, 4: 0.25}


def test_of_one_place_the_newest_run_counts(project):
    project.write()
    for day, faster in ((2, 4), (1, 2)):
        project.another_run(day, faster)
    time = entries(project)["int8"].times[PI]
    assert (time.ms, time.run.run.started_at) == (0.25, "2026-02-02T00:00:00Z")


def test_images_of_other_sizes_are_a_place_of_their_own_and_judge_nothing(project):
    project.write().another_run(1, image_shapes=[[512, 768, 3]])
    entry = entries(project)["int8"]
    large = Place("pi", "ai_edge_litert 2.3.0", 1, pixels="768 x 512")
    assert list(entry.times) == [large, PI, PC] and "images of 768 x 512 pixels" in large.text
    assert (entry.row.metrics["psnr_db"], entry.row.source) == (30.90, "test set")
