"""The sentences follow the sign of the numbers, subtract what they print, and are left out where their rows are."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from host.metrics import PSNR, Metric
from host.report.entries import Entry, Evaluated, Timed
from host.report.places import Place
from host.report.sentences import MOST, sentences
from host.report.sources import ModelSources
from host.results import KERAS, Latency, Result, Row
from tests.host.project import make_diagnosis

PERPLEXITY = Metric("perplexity", "perplexity", "", 1, False)
PI = Place("pi", "litert 2", 1)
OLD = Place("pi", "tflite 1", 1)


def variant(name, value, *, key="psnr_db", ms=None, place=PI, source="test set", **values):
    """An entry; `ms`: its time at `place`, or at several."""
    sizes = {"latent_bytes": 512, "bitstream_bytes": 352.0, **values.pop("sizes", {})}
    own, _, decoder = name.partition("+")
    values = {"variant": own, "family": own, "decoder": decoder or "own", **values}
    row = Row(name, metrics={} if value is None else {key: value}, sizes=sizes, source=source, **values)
    times = ms if isinstance(ms, dict) else {place: ms} if ms else {}
    return Entry(row, {where: Timed(latency(where, each)) for where, each in times.items()}, None, (source, 100, ()))


def latency(place, ms):
    return Latency(place.device, place.runtime, 9, ms * 1e6, ms * 1e6, ms * 1e6, emulated=place.emulated)


def baseline(name, value, **sizes):
    row = Row(name, metrics={"psnr_db": value}, sizes=sizes, source="test set")
    return Entry(row, {}, None, ("test set", 100, ()))


def model_of(*entries, training=None, metric=PSNR, diagnoses=None):
    result = Result(
        model="m",
        task="t",
        metrics=(metric,),
        images=100,
        source="test set",
        tag="x",
        model_sha256="m",
        spec_sha256="s",
        rows=tuple(entry.row for entry in entries),
    )
    return ModelSources("m", (), Evaluated(None, result), (), entries, training or {}, diagnoses or {})


def said(*entries, place=None, **values):
    model = model_of(*entries, **values)
    return sentences(model, place or next(iter(model.places), None))


def text(*entries, **values):
    return " ".join(said(*entries, **values))


@pytest.mark.parametrize(
    ("int8", "expected"),
    [
        (30.90, "int8 loses 0.20 dB PSNR against float32 (30.90 against 31.10 dB)."),
        (31.30, "int8 gains 0.20 dB PSNR against float32"),
        (31.104, "int8 is equal to float32 (31.10 dB PSNR)."),
        (31.094, "int8 loses 0.01 dB PSNR against float32 (31.09 against 31.10 dB)."),
    ],
)
def test_the_cost_of_quantization_follows_the_sign(int8, expected):
    assert f"Post-training quantization to {expected}" in text(variant("int8", int8), variant("float32", 31.10))


def test_what_is_printed_can_be_subtracted():
    # Unrounded these differ by 0.154, and rounded by 0.16.
    found = text(variant("int8", 30.7143), variant("float32", 30.8683))
    assert "loses 0.16 dB PSNR against float32 (30.71 against 30.87 dB)" in found
    for lost, ours, theirs in re.findall(r"loses ([\d.]+) dB .*?\(([\d.]+) against ([\d.]+) dB\)", found):
        assert float(lost) == pytest.approx(float(theirs) - float(ours))


def test_of_another_metric_less_may_be_better():
    rows = [variant(name, value, key="perplexity") for name, value in (("int8", 12.0), ("float32", 11.5))]
    assert "int8 loses 0.5 perplexity against float32 (12.0 against 11.5)" in text(*rows, metric=PERPLEXITY)


def test_qat_says_how_much_of_the_loss_it_recovered():
    found = text(variant("int8", 30.90), variant("float32", 31.10), variant("int8_qat", 31.05))
    assert "(int8_qat) gains 0.15 dB PSNR against int8 (31.05 against 30.90 dB), 75 % of what quantization" in found
    assert "it loses 0.05 dB PSNR against float32" in found


def test_qat_recovers_nothing_where_it_is_worse_or_nothing_was_lost():
    worse = text(variant("int8", 30.90), variant("float32", 31.10), variant("int8_qat", 30.80))
    assert "(int8_qat) loses 0.10 dB PSNR against int8" in worse
    better = text(variant("int8", 31.2), variant("float32", 31.1), variant("int8_qat", 31.3))
    assert "of what quantization lost" not in worse + better


def test_the_cost_of_qat_and_whose_weights_float32_has(project):
    row = variant("int8_qat", 31.0)
    found = text(row, training=project.training)
    assert "4 epochs and 32.1 min" in found
    assert "took 4 epochs and 15.0 min and validated no better" in found
    project.training["stages"]["qat"]["float32_weights"] = "control"
    assert "gave the float32 row's weights" in text(row, training=project.training)


def test_a_tuned_decoder_is_compared_with_its_own_variant_and_float32(project):
    rows = variant("int8", 30.90), variant("float32", 31.10), variant("int8+tuned", 31.15)
    found = text(*rows, training=project.training)
    assert "(int8+tuned) gains 0.25 dB PSNR against int8 (31.15 against 30.90 dB) and gains 0.05 dB PSNR" in found
    assert "(tuning: 3 epochs and 60 s)" in found
    project.training["stages"]["tune"]["int8"]["kept"] = False
    assert "not kept: it validated no better" in text(*rows, training=project.training)


def test_of_qualities_the_range_is_told():
    rows = []
    for quality, value in enumerate((26.0, 30.0, 35.0)):
        own = variant(f"int8_q{quality}", value, family="int8", quality=quality, ms=1.0 + quality)
        row = replace(own.row, sizes={"bitstream_bytes": 100.0 * 2**quality})
        tuned = replace(row, row=f"{row.row}+tuned", decoder="tuned", metrics={"psnr_db": value + 0.1 * quality})
        rows += [replace(own, row=row), replace(own, row=tuned)]
    found = text(*rows)
    assert "int8 has 3 qualities: 100.0 to 400.0 bytes an image, 26.00 to 35.00 dB PSNR." in found
    assert "The tuned decoder of int8 changes PSNR by +0.00 to +0.20 dB over 3 qualities" in found
    assert "takes (median) 1.000 to 3.000 ms" in found


@pytest.mark.parametrize(
    ("ms", "expected"),
    [
        (1.0, "int8 1.000 ms, 50 % less than float32"),
        (3.0, "50 % more than float32"),
        (6.0, "3.00 times float32"),
        (2.001, "as much as float32"),
    ],
)
def test_speed_is_a_ratio_with_its_direction(ms, expected):
    found = text(variant("int8", 31.0, ms=ms), variant("float32", 31.0, ms=2.0))
    assert expected in found
    assert f"on {PI.text}" in found


def test_speed_is_that_of_the_place_that_is_asked_for():
    rows = [variant(name, 31.0, ms={PI: 1.0, OLD: 4.0}) for name in ("int8", "float32")]
    assert "float32 4.000 ms" in text(*rows, place=OLD) and "float32 1.000 ms" in text(*rows, place=PI)


def test_emulated_times_are_not_speed():
    emulated = replace(PI, emulated="qemu-user")
    rows = [variant(name, 31.0, ms=ms, place=emulated) for name, ms in (("int8", 1.0), ("float32", 2.0))]
    assert not re.search(r"\d ms|time", text(*rows))


def test_a_runtime_that_turns_the_order_round_is_told():
    rows = variant("int8", 31.0, ms={PI: 1.0, OLD: 4.0}), variant("float32", 31.0, ms={PI: 2.0, OLD: 1.0})
    (found,) = (sentence for sentence in said(*rows) if "faster depends" in sentence)
    faster, slower = found.split(", but ")
    assert f"2.00 times faster on {PI.text}" in faster and f"4.00 times slower on {OLD.text}" in slower


@pytest.mark.parametrize(
    "other",
    [
        {PI: 1.0, OLD: 0.5},  # faster at both
        {PI: 1.0, replace(OLD, emulated="qemu-user"): 4.0},  # an emulated place says nothing
        {PI: 1.0, OLD: 1.004},  # as fast
        {PI: 1.0, replace(OLD, bench=False): 4.0},  # measured in another way
        {PI: 1.0, replace(OLD, pixels="768 x 512"): 4.0},  # other images
        {PI: 1.0},
    ],
)
def test_the_order_is_not_said_to_turn_where_it_does_not(other):
    float32 = {place: 2.0 if place == PI else 1.0 for place in other}
    found = text(variant("int8", 31.0, ms=other), variant("float32", 31.0, ms=float32))
    assert "depends" not in found


def test_at_most_ten_sentences_and_the_important_ones_first(project):
    rows = [variant(name, 31.0, ms={PI: 1.0}, sizes={"network_bytes": 5e4}) for name in ("int8_qat+tuned", "int16x8")]
    rows += [
        variant("float32", 31.1, ms={PI: 2.0, OLD: 1.0}, sizes={"network_bytes": 9e4}),
        variant("int8", 30.9, ms={PI: 1.0, OLD: 2.0}, sizes={"network_bytes": 5e4}, verdict="pass"),
        variant("int8_qat", 31.0, ms={PI: 1.0, OLD: 2.0}, sizes={"network_bytes": 5e4}),
        variant("int8+tuned", 31.2),
        baseline("jpeg", 22.5, bitstream_bytes=351.0),
    ]
    rows = [replace(each, row=replace(each.row, ratios={"nominal": 6.0, "actual": 8.0})) for each in rows]
    diagnoses = {
        "int8": make_diagnosis("int8", 20.0, first=100.0),
        "int8_qat": make_diagnosis("int8_qat", 30.0, first=100.0),
    }
    found = said(*rows, training=project.training, diagnoses=diagnoses)
    assert len(found) == MOST == 10
    order = ("deploy", "Post-training", "Quantization-aware", "32.1 min", "90 % of the error", "depends")
    for place, words in enumerate(order):
        assert words in found[place]


def test_why_training_helps_is_said_only_beside_the_rows_it_explains():
    diagnoses = {
        "int8": make_diagnosis("int8", 20.0, first=100.0),
        "int8_qat": make_diagnosis("int8_qat", 30.0, first=100.0),
    }
    rows = variant("int8", 30.9), variant("int8_qat", 31.0)
    assert "90 % of the error" in text(*rows, diagnoses=diagnoses)
    assert "of the error" not in text(rows[0], diagnoses=diagnoses)
    assert "of the error" not in text(*rows)


def test_a_training_that_gains_nothing_is_not_explained():
    diagnoses = {
        "int8": make_diagnosis("int8", 20.0, first=100.0),
        "int8_qat": make_diagnosis("int8_qat", 30.0, first=100.0),
    }
    assert "of the error" not in text(variant("int8", 30.9), variant("int8_qat", 30.9), diagnoses=diagnoses)


def test_what_to_deploy_names_best_fastest_and_smallest_of_what_is_no_worse_than_int8():
    rows = (
        variant("int8", 30.9, ms=2.0, sizes={"network_bytes": 8e4}),
        variant("float32", 31.1, ms=3.0, sizes={"network_bytes": 32e4}),
        variant("fast", 30.95, ms=1.0, sizes={"network_bytes": 9e4}),
        variant("broken", 20.0, ms=0.1, sizes={"network_bytes": 1e3}),
    )
    found = said(*rows)[0]
    assert "broken" not in found and "no worse than int8" in found and PI.text in found
    parts = {part.split()[0]: part for part in re.split(r"[:;] ", found)}
    assert "31.10 dB, 3.000 ms, 320.0 kB" in parts["float32"] and "best PSNR" in parts["float32"]
    assert "least time" in parts["fast"] and "smallest network" in parts["int8"]


def test_one_variant_for_all_reasons_is_named_once():
    rows = variant("int8", 31.0, ms=1.0, sizes={"network_bytes": 8e4}), variant("float32", 30.0, ms=3.0)
    assert said(*rows)[0].count("int8 for") == 1


def test_nothing_is_said_to_be_deployed_where_a_row_is_perfect_and_has_no_psnr():
    rows = variant("int8", 31.0, ms=1.0), variant("float32", 31.1, ms=2.0)
    assert "deploy" in text(*rows).lower()
    assert "deploy" not in text(*rows, variant("float16", None, perfect_images=100)).lower()


def test_of_qualities_none_is_said_to_be_deployed():
    rows = [variant(f"int8_q{n}", 30.0 + n, family="int8", quality=n, ms=1.0 + n) for n in (0, 1)]
    assert "deploy" not in text(*rows).lower()


def test_sizes():
    rows = [variant(name, 31.0, sizes={"network_bytes": size}) for name, size in (("int8", 80e3), ("float32", 320e3))]
    assert "has 80.0 kB, 75 % less than that of float32 (320.0 kB)" in text(*rows)


def test_the_compression_ratio_in_its_three_meanings():
    ratios = {"float32_latent": 1.5, "nominal": 6.0, "actual": 8.715}
    (found,) = (each for each in said(variant("int8", 31.0, ratios=ratios)) if "Compression ratio" in each)
    for number in ("1.50", "6.00", "512 bytes", "8.71", "352.0 bytes"):
        assert number in found
    del ratios["float32_latent"]
    found = text(variant("int8", 31.0, ratios=ratios))
    assert "6.00" in found and "float32 latent" not in found
    assert "Compression ratio" not in text(variant("int8", 31.0))


def test_baselines_at_their_bytes():
    time = Latency("pc", KERAS, 9, 1e6, 1e6, 1e6)
    keras = baseline("keras call", 31.0)
    keras = replace(keras, row=replace(keras.row, latency={"full": time}, sizes={"full_bytes": 7e5}))
    jpeg, webp = baseline("jpeg", 22.5, bitstream_bytes=351.0), baseline("webp", 31.5, bitstream_bytes=400.0)
    found = text(keras, variant("int8", 30.90), jpeg, webp)
    assert "gains 8.40 dB PSNR against jpeg at 351.0 bytes" in found
    assert "loses 0.60 dB PSNR against webp at 400.0 bytes" in found
    assert "keras" not in found


def test_a_baseline_that_costs_nothing_known_is_no_rival():
    rivals = baseline("simulated 4 bits", 29.0), baseline("jpeg", 22.5, bitstream_bytes=9.0)
    found = text(variant("int8", 30.90), *rivals)
    assert "jpeg" in found and "simulated" not in found


def test_verdicts_are_counted():
    rows = [variant(name, 31.0, verdict=words) for name, words in (("a", "pass"), ("b", "fail: x"), ("c", "fail: y"))]
    assert "a pass; 2 fail." in text(*rows)
    assert "no variant passes; 1 fails." in text(rows[1])


def test_a_difference_of_percentages_is_told_in_points():
    accuracy = Metric("accuracy_percent", "accuracy", "%", 1, True)
    rows = [variant(name, value, key="accuracy_percent") for name, value in (("int8", 91.0), ("float32", 92.5))]
    assert "loses 1.5 points accuracy against float32 (91.0 against 92.5 %)" in text(*rows, metric=accuracy)


def test_samples_are_not_subtracted_from_the_test_set():
    assert "against" not in text(variant("int8", 29.0, source="samples"), variant("float32", 31.10))


def test_nothing_is_said_about_absent_rows():
    assert said() == ()
    assert said(variant("int8_qat", 31.0, sizes={"bitstream_bytes": 0})) == ()
    assert said(variant("int8", None), variant("float32", None)) == ()


def test_nothing_is_said_of_a_model_without_metrics(project):
    del project.result["metrics"]
    assert sentences(project.write(evaluation=False).model(), PI) == ()
