"""Which rows stand out: by value, time, size and bytes, as these are printed."""

from __future__ import annotations

import pytest

from host.report.choice import Offer, has_cost, no_worse_than_int8, offers, outstanding, short_entries, unbeaten
from host.report.entries import Entry
from host.results import Row
from tests.host.project import baseline, row


def entry(row):
    return Entry(row, {}, None, ("test set", 100, ()))


def offer(name, value, ms=None, kb=None, sent=None):
    return Offer(entry(Row(name, variant=name)), value, ms, kb, sent)


def names(found):
    return [each.entry.name for each in found]


def chosen(found):
    return {word: each.entry.name for word, each in outstanding(found).items()}


def test_the_best_the_fastest_and_the_smallest():
    found = [offer("a", 30.0, 1.0, 90.0), offer("b", 31.0, 2.0, 80.0), offer("c", 29.0, 3.0, 10.0)]
    assert chosen(found) == {"best": "b", "fastest": "a", "smallest": "c"}


def test_of_equal_ones_that_which_is_better_in_the_rest_stands_out():
    found = [offer("a", 30.0, 2.0, 90.0), offer("b", 30.0, 1.0, 80.0), offer("c", 29.0, 1.0, 80.0)]
    assert chosen(found) == {"best": "b", "fastest": "b", "smallest": "b"}


def test_of_qualities_that_share_a_network_the_one_of_fewest_bytes_is_the_smallest():
    found = [offer("q0", 26.0, 1.0, 80.0, 100.0), offer("q1", 30.0, 1.0, 80.0, 200.0)]
    assert chosen(found)["smallest"] == "q0"


def test_what_was_not_measured_is_neither_fast_nor_small():
    # One that has no time where another has may not run there at all.
    assert chosen([offer("a", 30.0), offer("b", 29.0, 1.0)]) == {"best": "b", "fastest": "b"}
    assert chosen([offer("a", 30.0), offer("b", 29.0)]) == {"best": "a"}
    assert chosen([]) == {}


def test_nobody_beats_what_is_better_in_something():
    found = [
        offer("good", 31.0, 2.0, 80.0, 350.0),
        offer("fast", 30.0, 1.0, 80.0, 350.0),
        offer("short", 29.0, 2.0, 80.0, 300.0),
        offer("beaten", 30.0, 2.0, 80.0, 350.0),
        offer("unmeasured", 31.0, None, 80.0, 350.0),
        offer("equal", 31.0, 2.0, 80.0, 350.0),
    ]
    assert names(unbeaten(found)) == ["good", "fast", "short", "equal"]


def test_no_worse_than_int8_is_everything_where_there_is_no_int8():
    found = [offer("float32", 31.0), offer("int8", 30.0), offer("equal", 30.0), offer("worse", 29.99)]
    assert names(no_worse_than_int8(found)) == ["float32", "int8", "equal"]
    assert names(no_worse_than_int8([found[0], found[3]])) == ["float32", "worse"]


def test_offers_are_judged_variants_with_their_numbers_as_printed(project):
    project.row(project.evaluation, "int8")["metrics"]["psnr_db"] = 30.904
    project.row(project.evaluation, "int8")["sizes"]["network_bytes"] = 80_040
    project.row(project.result, "int8")["sizes"]["network_bytes"] = 80_040
    model = project.write().model()
    place = model.places[0]
    found = {each.entry.name: each for each in offers(model, place)}
    assert list(found) == ["float32", "int8", "int8_qat", "int8+tuned"]
    int8 = found["int8"]
    assert (int8.value, int8.ms, int8.kb, int8.bitstream_bytes) == (30.90, 1.0, 80.0, 352.5)
    assert offers(model, None)[0].ms is None


def test_nothing_is_chosen_by_emulated_times(project):
    project.emulate()
    model = project.write(evaluation=False).model()
    assert {each.ms for each in offers(model, model.places[0])} == {None}


def test_what_a_place_did_not_time_may_not_run_there_and_does_not_stand_out(project):
    del project.row(project.result, "float32")["latency"]
    project.row(project.evaluation, "float32")["metrics"]["psnr_db"] = 40.0
    model = project.write().model()
    found = offers(model, model.places[0])
    assert "float32" in names(found) and "float32" not in chosen(found).values()
    assert chosen(offers(model, None))["best"] == "float32"
    assert "float32" in [each.name for each in short_entries(model, model.places[0])]  # without a time


def test_of_a_metric_of_which_less_is_better_the_lowest_is_the_best(project):
    for where in (project.result, project.evaluation):
        where["metrics"][0]["higher_is_better"] = False
    assert chosen(offers(project.write().model(), None))["best"] == "int8"  # 30.90


@pytest.mark.parametrize("missing", ["ratios", "sizes"])
def test_what_is_sent_counts_only_where_it_is_known_and_stands_for_the_image(project, missing):
    for where in (project.result, project.evaluation):
        for each in where["rows"]:
            each[missing] = {}
    assert {each.bitstream_bytes for each in offers(project.write().model(), None)} == {None}


def shown(project):
    model = project.write().model()
    return [entry.name for entry in short_entries(model, next(iter(model.places), None))]


def test_the_default_variants_stay_whatever_beats_them_and_others_where_they_are_unbeaten(project):
    project.add_variant("int8_beaten", 30.0)
    project.add_variant("int8_better", 31.5)
    found = shown(project)
    assert {"float32", "int8", "int8_qat", "int16x8", "int8_better"} <= set(found)
    assert "int8_beaten" not in found


def test_simulated_rows_stay_out_where_they_are_many(project):
    few = [baseline(f"simulated {bits} bits", 30.5) for bits in (6, 7, 8)]
    project.evaluation["rows"] += few
    assert {each["row"] for each in few} <= set(shown(project))
    project.evaluation["rows"].append(baseline("simulated 9 bits", 30.5))
    found = shown(project)
    assert not [name for name in found if name.startswith("simulated")]
    assert {"pca", "jpeg"} <= set(found)  # these cost bytes


def test_whole_curves_of_baselines_stay_out(project):
    project.evaluation["rows"] += [
        {**baseline(f"avif {quality}", 20.0 + quality, bitstream_bytes=100.0 * quality), "family": "avif"}
        for quality in (1, 2, 3, 4)
    ]
    project.evaluation["rows"].append({**baseline("heif 1", 25.0, bitstream_bytes=100.0), "family": "heif"})
    found = shown(project)
    assert "heif 1" in found and not [name for name in found if name.startswith("avif")]


def test_of_qualities_the_better_decoder_is_shown(project):
    for where in (project.result, project.evaluation):
        where["rows"] = [
            row(
                f"int8_q{quality}{decoder}",
                value + 10 * quality,
                variant=f"int8_q{quality}",
                family="int8",
                quality=quality,
            )
            for quality in (0, 1)
            for decoder, value in (("", 20.0), ("+tuned", 21.0))
        ]
    assert shown(project) == ["int8_q0+tuned", "int8_q1+tuned"]


def test_a_row_that_is_only_judged_has_no_cost():
    assert not has_cost(entry(Row("simulated", metrics={"psnr_db": 30.0})))
    assert has_cost(entry(Row("jpeg", sizes={"bitstream_bytes": 9.0})))
