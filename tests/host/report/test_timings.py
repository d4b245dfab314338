"""Figures of raw samples: of the newest run at each place, with its number of threads, and what is unstable there."""

from __future__ import annotations

import copy

import pytest

from device.errors import RunFileError
from device.records import as_json, from_json
from device.run_file import FORMAT_VERSION, Run
from host.report.timings import newest_run, stability, timing_figures
from tests.host.project import MODEL, dump


@pytest.fixture
def raw(bench_run):
    """Raw samples of the made-up model, as JSON; 3 processes of 20 encodes for each of three variants."""

    def make(run_id="raw", threads=(1,), **options):
        variants = ("float32", "int8", "int16x8")
        run = bench_run(run_id, 1, variants=variants, threads=threads, processes=3, **options)
        value = {**as_json(run), "format_version": FORMAT_VERSION}
        value["bundles"] = {MODEL: value["bundles"]["m"], "other": value["bundles"]["m"]}
        for row in value["rows"]:
            row["model"] = MODEL
        others = [{**copy.deepcopy(value["rows"][0]), "model": "other", "variant": "of_another_model"}]
        value["rows"] += others
        return value

    return make


def write(project, value):
    dump(project.write().run_folder / "run.json", value)
    return project.model()


def figures(model, place=0):
    left_out = []
    found = {figure.key: figure for figure in timing_figures(model, model.places[place], left_out)}
    assert left_out == []
    return found


def names(figure):
    return list(dict.fromkeys(row[0] for row in figure.chart.rows))


def sustained(minutes, temperature=True):
    def minute(number):
        state = {"temperature_c": 50.0 + number} if temperature else {}
        return {"encodes": 1000, "encode_ns": [1_000_000 * (10 + number)] * 9, "state": state}

    return {"kept_one_in": 9, "minutes": [minute(number) for number in range(minutes)]}


def test_all_encodes_and_the_medians_of_stages_are_drawn(project, raw):
    model = write(project, raw())
    found = figures(model)
    assert list(found) == ["spread-0", "stages-0"]
    assert set(names(found["spread-0"])) == {"float32", "int8", "int16x8"}  # and not what another model made
    assert {row[-1] for row in found["spread-0"].chart.rows} == {"60"}  # samples
    assert project.run["run_id"] in found["spread-0"].note and "3 processes" in found["spread-0"].note
    assert all(figure.place == model.places[0] for figure in found.values())


def test_a_failed_row_has_no_samples(project, raw):
    value = raw()
    row = value["rows"][1]
    value["rows"][1] = {key: row[key] for key in ("model", "variant", "family", "threads", "tag")}
    value["rows"][1].update(status="failed", error="no RESIZE")
    assert names(figures(write(project, value))["spread-0"]) == ["float32", "int16x8"]


def test_each_place_has_a_number_and_the_rows_of_its_threads(project, raw):
    project.sweep(1, 4)
    model = write(project, raw(threads=(1, 4)))
    assert [place.threads for place in model.places[:2]] == [1, 4]
    one, four = (figures(model, place) for place in (0, 1))
    assert (list(one), list(four)) == (["spread-0", "stages-0"], ["spread-1", "stages-1"])
    slow, fast = (
        {row[0]: float(row[1]) for row in found[key].chart.rows}
        for found, key in ((one, "spread-0"), (four, "spread-1"))
    )
    assert all(fast[name] < slow[name] / 3 for name in slow)


def test_what_host_evaluate_timed_has_no_samples(project, raw):
    model = write(project, raw())
    assert not model.places[1].bench
    assert figures(model, 1) == {}
    assert newest_run(model, model.places[1]) is None


def test_the_newest_run_of_a_place_counts(project, raw):
    project.write()
    other = project.another_run(1)
    folder = project.benchmarks / "results" / "pi" / other["run_id"]
    model = write(project, raw())
    assert newest_run(model, model.places[0]).run.run_id == other["run_id"]
    assert figures(model) == {}  # of which no raw samples came along
    dump(folder / "run.json", raw())
    assert "spread-0" in figures(model)


@pytest.mark.parametrize("temperature", [True, False])
def test_sustained_runs_give_time_and_temperature(project, raw, temperature):
    value = raw()
    for row in value["rows"]:
        row["sustained"] = sustained(3, temperature)
    figure = figures(write(project, value))["sustained-0"]
    assert ("temperature" in " ".join(figure.chart.titles)) == temperature
    assert ("tells no temperature" in figure.note) != temperature
    cells = {cell for row in figure.chart.rows if row[0] == "int8" for cell in row}
    assert "12.000" in cells and ("52.0" in cells) == temperature


def test_variants_that_are_unstable_are_named_with_their_reasons(project, raw):
    value = raw(environment={"governor": "powersave"})
    model = write(project, value)
    found = stability(model, model.places[0], [])
    assert set(found) == {"float32", "int8"} and all("powersave" in reasons for reasons in found.values())
    model = write(project, raw())
    assert stability(model, model.places[0], []) == {"float32": "stable", "int8": "stable"}


def test_each_variant_is_judged_by_the_run_that_its_time_is_from(project, raw):
    dump(project.run_folder / "run.json", raw(environment={"governor": "powersave"}))
    project.write()
    results = copy.deepcopy(project.run["results"])
    results[0]["rows"] = [row for row in results[0]["rows"] if row["row"] == "int8"]
    newer = project.another_run(1, results=results)
    dump(project.benchmarks / "results" / "pi" / newer["run_id"] / "run.json", raw())
    model = project.model()
    found = stability(model, model.places[0], [])
    assert found["int8"] == "stable" and "powersave" in found["float32"]


def test_without_raw_samples_nobody_knows_what_is_stable(project):
    model = project.write().model()
    assert stability(model, model.places[0], []) == {}


def test_a_damaged_run_is_left_out_with_one_line_however_often_it_is_read(project, raw):
    value = raw()
    del value["rows"][0]["processes"]
    model = write(project, value)
    left_out = []
    assert list(timing_figures(model, model.places[0], left_out)) == []
    assert stability(model, model.places[0], left_out) == {}
    assert len(left_out) == 1 and "run.json" in left_out[0] and "\n" not in left_out[0]


def test_the_made_up_samples_are_what_the_bench_writes(raw):
    assert from_json(Run, raw(), "here", RunFileError).rows[0].model == MODEL
