"""The sentences follow the sign of the numbers, subtract what they print, and are left out where their rows are."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from host.metrics import PSNR, Metric
from host.reporting.sources import ModelSources
from host.reporting.words import summary
from host.results import KERAS, Latency, Result, Row

PERPLEXITY = Metric("perplexity", "perplexity", "", 1, False)


def variant(name, value, *, key="psnr_db", encode_ns=None, emulated=None, source="test set", **values):
    sizes = {"latent_bytes": 512, "bitstream_bytes": 352.0, **values.pop("sizes", {})}
    latency = {"device": Latency("pi", "l", 9, encode_ns, 1.0, 1.0, emulated=emulated)} if encode_ns else {}
    own, _, decoder = name.partition("+")
    values = {"variant": own, "family": own, "decoder": decoder or "own", **values}
    metrics = {} if value is None else {key: value}
    return Row(name, metrics=metrics, sizes=sizes, latency=latency, source=source, **values)


def baseline(name, value, **sizes):
    return Row(name, metrics={"psnr_db": value}, sizes=sizes, source="test set")


def paragraphs(*rows, training=None, metric=PSNR):
    result = Result(
        model="m",
        task="t",
        metrics=(metric,),
        images=100,
        source="test set",
        tag="x",
        model_sha256="m",
        spec_sha256="s",
        rows=rows,
    )
    return summary(ModelSources(result, None, "none", None, training or {}, rows), "pi")


def text(*rows, **values):
    return " ".join(sentence for paragraph in paragraphs(*rows, **values) for sentence in paragraph)


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
    assert "It cost 4 epochs and 32.1 min of training" in found
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
        own = variant(f"int8_q{quality}", value, family="int8", quality=quality, encode_ns=1e6 * (1 + quality))
        own = replace(own, sizes={"bitstream_bytes": 100.0 * 2**quality})
        tuned = replace(own, row=f"{own.row}+tuned", decoder="tuned", metrics={"psnr_db": value + 0.1 * quality})
        rows += [own, tuned]
    found = text(*rows)
    assert "int8 has 3 qualities: 100.0 to 400.0 bytes an image, 26.00 to 35.00 dB PSNR." in found
    assert "The tuned decoder of int8 changes PSNR by +0.00 to +0.20 dB over 3 qualities" in found
    assert "takes (median) 1.000 to 3.000 ms" in found


@pytest.mark.parametrize(
    ("median", "expected"),
    [
        (1e6, "int8 1.000 ms, 50 % less (0.50 times) than float32"),
        (3e6, "50 % more (1.50 times) than float32"),
        (2.001e6, "as much as float32"),
    ],
)
def test_speed_is_a_ratio_with_its_direction(median, expected):
    found = text(variant("int8", None, encode_ns=median), variant("float32", None, encode_ns=2e6))
    assert expected in found
    assert "One image on pi takes" in found


def test_emulated_times_are_not_speed():
    rows = [variant(name, 31.0, encode_ns=1e6, emulated="qemu-user") for name in ("int8", "float32")]
    assert "on pi (emulated, not speed) takes" in text(*rows)


def test_speed_is_that_of_the_first_number_of_threads():
    rows = [
        variant(name, 31.0, encode_ns=1e6 / threads, threads=threads)
        for name in ("int8", "float32")
        for threads in (2, 4)
    ]
    assert "One image on pi with 2 threads takes (median) float32 0.500 ms; int8 0.500 ms" in text(*rows)


def test_paragraphs_are_short(project):
    rows = [variant(name, 31.0, encode_ns=1e6, sizes={"network_bytes": 500}) for name in ("int8", "float32")]
    rows += [variant(name, 31.2) for name in ("int8_qat", "int8+tuned", "int8_qat+tuned")]
    found = paragraphs(*rows, training=project.training)
    assert len(found) == 5
    assert all(1 <= len(paragraph) <= 2 for paragraph in found)


def test_sizes_and_bytes():
    rows = [variant(name, 31.0, sizes={"network_bytes": size}) for name, size in (("int8", 80e3), ("float32", 320e3))]
    found = text(*rows)
    assert "has 80.0 kB, 75 % less (0.25 times) than that of float32 (320.0 kB)" in found
    assert "has 352.0 bytes on average with its header, 31 % less (0.69 times) than the 512 bytes of" in found
    assert "10 % more" in text(variant("int8", 31.0, sizes={"bitstream_bytes": 563.2}))


def test_baselines_at_their_bytes():
    jpeg = baseline("jpeg", 22.5, bitstream_bytes=351.0, full_bytes=7e5)
    time = Latency("pc", KERAS, 9, 1e6, 1e6, 1e6)
    keras = replace(baseline("keras call", 31.0), latency={"full": time})
    found = text(keras, variant("int8", 30.90), jpeg, baseline("webp-headerless", 31.5))
    assert "loses 0.60 dB PSNR against webp-headerless." in found
    assert "int8 (30.90 dB PSNR) gains 8.40 dB PSNR against jpeg at 351.0 bytes, loses" in found
    assert "keras" not in found


def test_samples_are_not_subtracted_from_the_test_set():
    assert "dB" not in text(variant("int8", 29.0, source="samples", sizes={}), variant("float32", 31.10))


def test_nothing_is_said_about_absent_rows():
    assert text() == ""
    assert text(variant("int8_qat", 31.0, sizes={"bitstream_bytes": 0}), variant("float16", 31.0)) == ""
