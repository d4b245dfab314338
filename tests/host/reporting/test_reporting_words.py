"""The sentences follow the sign of the numbers and are left out where their rows are."""

from __future__ import annotations

import pytest

from host.reporting.rows import ReportRow
from host.reporting.words import summary


def variant(name, psnr_db, **values):
    values = {"quality": "test set", "images": 100, "latent_bytes": 512, "bitstream_bytes": 352.0, **values}
    return ReportRow("m", name, name.partition("+")[0], "mse", "variant", psnr_db=psnr_db, **values)


def text(*rows, training=None, **values):
    return " ".join(sentence for paragraph in summary(rows, training or {}, "pi", **values) for sentence in paragraph)


@pytest.mark.parametrize(
    ("int8", "expected"),
    [
        (30.90, "int8 loses 0.20 dB against float32 (30.90 against 31.10 dB)."),
        (31.30, "int8 gains 0.20 dB against float32"),
        (31.104, "int8 is equal to float32 within 0.005 dB"),
        (31.094, "int8 loses 0.006 dB against float32"),
    ],
)
def test_the_cost_of_quantization_follows_the_sign(int8, expected):
    assert f"Post-training quantization to {expected}" in text(variant("int8", int8), variant("float32", 31.10))


def test_qat_says_how_much_of_the_loss_it_recovered():
    found = text(variant("int8", 30.90), variant("float32", 31.10), variant("int8_qat", 31.05))
    assert "(int8_qat) gains 0.15 dB against int8 (31.05 against 30.90 dB), 75 % of what quantization lost" in found
    assert "it loses 0.05 dB against float32" in found


def test_qat_recovers_nothing_where_it_is_worse_or_nothing_was_lost():
    worse = text(variant("int8", 30.90), variant("float32", 31.10), variant("int8_qat", 30.80))
    assert "(int8_qat) loses 0.10 dB against int8" in worse
    assert "of what quantization lost" not in worse
    assert "of what quantization lost" not in text(
        variant("int8", 31.2), variant("float32", 31.1), variant("int8_qat", 31.3)
    )


def test_the_cost_of_qat_and_whose_weights_float32_has(project):
    found = text(training=project.training)
    assert "It cost 4 epochs and 32.1 min of training" in found
    assert "took 4 epochs and 15.0 min and validated no better" in found
    project.training["stages"]["qat"]["float32_weights"] = "control"
    assert "gave the float32 row's weights" in text(training=project.training)


def test_a_tuned_decoder_is_compared_with_its_own_variant_and_float32(project):
    rows = variant("int8", 30.90), variant("float32", 31.10), variant("int8+tuned", 31.15)
    found = text(*rows, training=project.training)
    assert "(int8+tuned) gains 0.25 dB against int8 (31.15 against 30.90 dB) and gains 0.05 dB against float32" in found
    assert "(tuning: 3 epochs and 60 s)" in found
    project.training["stages"]["tune"]["int8"]["kept"] = False
    assert "not kept: it validated no better" in text(*rows, training=project.training)


@pytest.mark.parametrize(
    ("median", "expected"),
    [
        (1e6, "int8 1.000 ms, 50 % less (0.50 times) than float32's"),
        (3e6, "50 % more (1.50 times) than float32's"),
        (2.001e6, "as much as float32's"),
    ],
)
def test_speed_is_a_ratio_with_its_direction(median, expected):
    found = text(
        variant("int8", None, encoder_time={"median_ns": median}),
        variant("float32", None, encoder_time={"median_ns": 2e6}),
    )
    assert expected in found
    assert "One whole encode on pi" in found


def test_emulated_times_are_not_speed():
    def said(**time):
        return text(*(variant(name, 31.0, encoder_time={"median_ns": 1e6, **time}) for name in ("int8", "float32")))

    assert "on pi (emulated, not speed) takes" in said(emulated="qemu-user")
    assert "emulated" not in said()


def test_speed_is_that_of_the_first_number_of_threads():
    rows = [
        variant(name, 31.0, encoder_time={"median_ns": 1e6 / threads}, threads=threads)
        for name in ("int8", "float32")
        for threads in (2, 4)
    ]
    assert "One whole encode on pi with 2 threads takes (median) float32 0.500 ms; int8 0.500 ms" in text(*rows)


def test_paragraphs_are_short(project):
    rows = [variant(name, 31.0, encoder_time={"median_ns": 1e6}, encoder_bytes=5) for name in ("int8", "float32")]
    rows += [variant(name, 31.2) for name in ("int8_qat", "int8+tuned", "int8_qat+tuned")]
    found = summary(rows, project.training, "pi")
    assert len(found) == 6
    assert all(1 <= len(paragraph) <= 2 for paragraph in found)


def test_sizes_and_bytes():
    found = text(variant("int8", 31.0, encoder_bytes=80_000), variant("float32", 31.0, encoder_bytes=320_000))
    assert "has 80.0 kB, 75 % less (0.25 times) than float32's 320.0 kB" in found
    assert "has 352.0 bytes on average, header included, 31 % less (0.69 times) than its 512 latent bytes" in found
    assert "10 % more" in text(variant("int8", 31.0, bitstream_bytes=563.2))


def test_baselines_at_their_bytes():
    jpeg = ReportRow("m", "jpeg", None, None, "baseline", "test set", 100, 22.5, bitstream_bytes=351.0)
    better = ReportRow("m", "webp-headerless", None, None, "baseline", "test set", 100, 31.5)
    found = text(variant("int8", 30.90), jpeg, better)
    assert "int8 gains 8.40 dB against jpeg at 351.0 bytes, loses 0.60 dB against webp-headerless." in found


def test_samples_are_not_subtracted_from_the_test_set():
    assert "dB" not in text(variant("int8", 29.0, quality="samples", images=64), variant("float32", 31.10))


def test_nothing_is_said_about_absent_rows():
    assert text() == ""
    assert text(variant("int8_qat", 31.0, bitstream_bytes=None), variant("float16", 31.0)) == ""
