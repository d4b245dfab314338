"""The name of a place has all that tells it from others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from host.report.places import Place, evaluation_place, run_place
from host.results import Latency, Row

PI = Place("pi", "litert 2", 1)


@pytest.mark.parametrize(
    "change",
    [
        {"device": "board"},
        {"runtime": "litert 3"},
        {"threads": 4},
        {"emulated": "qemu-user"},
        {"bench": False},
        {"pixels": "768 x 512"},
        {"coder": "c"},
    ],
)
def test_two_places_never_have_the_same_name(change):
    assert replace(PI, **change).text != PI.text


def test_emulated_times_are_said_to_be_no_speed(project):
    assert "not speed" not in PI.text
    assert "emulated, not speed" in replace(PI, emulated="qemu-user").text


def test_threads_are_the_rows_else_those_of_the_whole_run(project):
    run, result = project.collected_run, project.collected
    assert run_place(run, result, Row("int8", threads=4), None).threads == 4
    assert run_place(run, result, Row("int8"), None).threads == 1
    assert run_place(replace(run, threads=(1, 2)), result, Row("int8"), None).threads is None


def test_sizes_of_images_are_named_only_where_other_ones_were_judged(project):
    run, result = project.collected_run, project.collected
    row = result.rows[0]
    large = replace(result, image_shapes=((512, 768, 3),))
    assert [run_place(run, result, row, judged).pixels for judged in (None, result, large)] == [None, None, "32 x 24"]


def test_the_place_of_an_evaluation_is_that_of_its_own_variants(project):
    project.row(project.evaluation, "jpeg")["latency"] = {
        "device": {**project.evaluation["rows"][1]["latency"]["decoder"], "runtime": "libjpeg 9"}
    }
    project.evaluation["rows"].reverse()  # the baseline first
    evaluation = project.write().model().evaluation.result
    assert evaluation_place(evaluation) == Place("bench-pc", "ai_edge_litert 2.3.0", None, bench=False)
    assert evaluation_place(replace(evaluation, rows=evaluation.rows[:2])).runtime == "libjpeg 9"
    assert evaluation_place(replace(evaluation, rows=())) is None


def test_the_coder_in_c_is_a_place_of_its_own_whatever_its_library(project):
    run, result = project.collected_run, project.collected

    def place(coder):
        time = Latency("pi", "litert 2", 9, 1e6, 1e6, 1e6, threads=1, coder=coder)
        return run_place(run, result, Row("int8", "int8", threads=1, latency={"device": time}), None)

    assert place("c 1a2b3c4d") == place("c 99999999") != place("numpy")
    assert place("numpy") == place(None)  # runs from before there was one
    assert "coder in C" in place("c 1a2b3c4d").text and "coder" not in place("numpy").text
