"""Every number says where it comes from: how many images, times and processes, of which run and file."""

from __future__ import annotations

import pytest

from host.report.notes import model_notes, origins
from tests.host.project import RUN, dump


def notes(project):
    return " ".join(model_notes(project.model()))


def test_the_source_of_every_number_is_named(project):
    text = notes(project.write())
    assert "10000 images of 32 x 24 pixels (test set; tiny-mse/set-tag.json)" in text
    assert "pi, ai_edge_litert 2.3.0, 1 thread" in text and RUN in text
    assert "200 times in 10 fresh processes" in text
    assert "bench-pc, ai_edge_litert 2.3.0, n=150" in text and "bench-pc, keras, batch 1, n=100" in text
    assert "another tag" not in text and "another state" not in text and "emulated" not in text


def test_an_evaluation_of_equal_weights_is_said_to_be_one(project):
    project.evaluation.update(tag="elsewhere", tags={})
    text = notes(project.write())
    assert "another tag" in text and "set-tag" in text and "elsewhere" in text and "equal model" in text


def test_an_evaluation_of_the_same_encoders_at_another_state_is_said_to_be_one(project):
    project.evaluation["model_sha256"] = "digest-b"
    assert "another state of models/tiny-mse" in notes(project.write())


def test_without_an_evaluation_the_images_of_the_run_are_named(project):
    text = notes(project.write(evaluation=False))
    assert "64 images of the run (samples, 32 x 24 pixels)" in text and "No evaluation" in text


def test_rows_that_were_judged_elsewhere_are_named(project):
    assert "instead" not in notes(project.write())
    project.row(project.evaluation, "int8")["metrics"] = {}
    assert "int8: judged on 64 images of the run" in notes(project.write())


def test_emulated_times_are_labelled(project):
    project.emulate()
    assert notes(project.write()).count("emulated, not speed") >= 1


@pytest.mark.parametrize(("count", "words"), [(1, "1 run "), (2, "2 runs ")])
def test_runs_of_another_state_are_counted(project, count, words):
    project.write()
    tags = dict.fromkeys(project.result["tags"], "old")
    old = {**project.result, "tag": "old", "model_sha256": "old", "tags": tags}
    for day in range(count):
        dump(
            project.benchmarks / "results" / "pi" / f"old-{day}" / "evaluation.json",
            {**project.run, "run_id": f"old-{day}", "started_at": "2025", "results": [old]},
        )
    assert words in notes(project).partition("another state")[0].rpartition(".")[2]


def test_the_outputs_beside_this_machines_and_the_runs_notes_are_told(project):
    project.run["notes"] = ["no PSNR: give the folder"]
    project.row(project.result, "int8")["agreement"] = {"count": 1000, "differing": 2, "largest_step": 1}
    text = notes(project.write())
    assert "int8 2 of 1000 (0.20 %) differ, by at most 1" in text
    assert "no PSNR: give the folder" in text


def test_ratios_are_explained_only_where_there_are_some(project):
    assert "compression ratio" in notes(project.write()).lower()
    for where in (project.result, project.evaluation):
        for row in where["rows"]:
            row["ratios"] = {}
    assert "compression ratio" not in notes(project.write()).lower()


def origins_of(project, name):
    model = project.model()
    (entry,) = (each for each in model.entries if each.name == name)
    return list(origins(model, entry))


def test_a_row_leads_to_its_files(project):
    project.write()
    tested, run = project.evaluation_file, project.run_folder / "evaluation.json"
    found = {(what, file): text for what, text, file in origins_of(project, "int8")}
    assert "30.90 dB" in found["quality", tested] and "10000 images (test set)" in found["quality", tested]
    time = found["time of one image", run]
    assert time.startswith("1.000 ms on pi, ai_edge_litert 2.3.0") and "200 times in 10 fresh processes" in time
    assert found["time of one image", tested].startswith("99.000 ms on bench-pc")
    assert found["time of the decoder", tested].startswith("0.250 ms")
    assert "bitstream 352.5" in found["bytes an image, means", tested]
    assert "network 80,000" in found["bytes of files", run]
    (project.run_folder / "run.json").write_text("{}")  # the raw samples came along
    files = [file for what, _, file in origins_of(project, "int8") if what == "time of one image"]
    assert files == [project.run_folder / "run.json", tested]


def test_what_is_incomplete_and_what_the_spec_asks_is_told(project):
    project.row(project.evaluation, "int8")["verdict"] = "fail: 3 dB too little"
    project.write()
    assert ("what the spec asks", "fail: 3 dB too little", None) in origins_of(project, "int8")
    (found,) = origins_of(project, "int16x8")
    assert found == ("incomplete", "device: the runtime has no RESIZE | in int16x8", None)


def test_the_interval_of_a_median_is_told_where_it_is_known(project):
    project.row(project.result, "int8")["latency"]["device"]["median_interval_ns"] = [0.9e6, 1.2e6]
    project.write()
    times = {
        name: [text for what, text, _ in origins_of(project, name) if what == "time of one image"]
        for name in ("int8", "float32")
    }
    assert "0.900 to 1.200 ms" in times["int8"][0]
    assert "interval" not in times["float32"][0]


def test_perfect_images_are_counted(project):
    project.row(project.evaluation, "int8")["perfect_images"] = 3
    project.write()
    assert "3 perfect images" in origins_of(project, "int8")[0][1]
