"""Rows: three sizes never mixed, two ratios, one tag for a set, times with the times' names."""

from __future__ import annotations

import pytest

from host.evaluation.rows import latency, rate, set_tag

SHAPE = 32, 32, 3
STREAMS = [bytes(300), bytes(400)]


def test_sizes_and_ratios_come_from_whole_streams() -> None:
    found = rate(STREAMS, SHAPE, 512)
    assert found["sizes"] == {
        "latent_bytes": 512,
        "payload_bytes": 350 - 16,
        "bitstream_bytes": 350,
    }
    assert found["metrics"] == {"bpp": 8 * 350 / (32 * 32)}
    assert found["compression_ratio"] == {"nominal": 3072 / 512, "actual": pytest.approx(3072 / 350)}


def test_a_float_variant_also_says_what_its_uncoded_latent_would_take() -> None:
    assert rate(STREAMS, SHAPE, 512, "float32")["sizes"]["uncoded_latent_bytes"] == 4 * 512
    assert "uncoded_latent_bytes" not in rate(STREAMS, SHAPE, 512, "int16")["sizes"]


def test_times_say_where_how_often_and_what_they_are() -> None:
    found = latency([10, 30, 20, 40, 100], "pi", "litert 1")
    assert found == {
        "device": "pi",
        "runtime": "litert 1",
        "n": 5,
        "median_ns": 30,
        "mean_ns": 40,
        "p90_ns": pytest.approx(76),
    }


def test_a_sets_tag_is_of_every_variants_tag_in_any_order() -> None:
    tags = {"int8": "11111111", "float32": "22222222"}
    assert set_tag(tags) == set_tag(dict(reversed(tags.items())))
    assert len(set_tag(tags)) == 8
    others = [{"int8": "22222222", "float32": "11111111"}, {"int8": "11111111"}, {**tags, "int8": "11111112"}]
    assert set_tag(tags) not in [set_tag(other) for other in others]
