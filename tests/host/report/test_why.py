"""Which layers' error training took away: shares of the error before it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from host.report.why import why_training_helps
from tests.host.project import make_diagnosis


def sentence(before, after, **names):
    return why_training_helps({"int8": before, "int8_qat": after}, **names)


def percents(text):
    return {name: int(share) for name, share in re.findall(r"(\w+) \((\d+) %\)", text)}


def test_shares_are_of_the_error_before_training():
    # 10 dB more are a tenth of the error. In percent of that before: 60 - 50 / 10, 30 - 50 / 10 and 10 - 0.
    text = sentence(
        make_diagnosis("int8", 20.0, first=60.0, second=30.0, third=10.0),
        make_diagnosis("int8_qat", 30.0, first=50.0, second=50.0),
    )
    assert "90 % of the error" in text and "20.0 dB SQNR before, 30.0 dB after" in text
    assert percents(text) == {"first": 55, "second": 25, "third": 10}
    assert list(percents(text)) == ["first", "second", "third"]


def test_what_hardly_changed_and_what_grew_is_not_named():
    text = sentence(
        make_diagnosis("int8", 20.0, first=90.0, second=4.0, third=6.0),
        make_diagnosis("int8_qat", 23.0103, first=20.0, second=0.0, third=80.0),
    )
    assert percents(text) == {"first": 80}


def test_at_most_three_layers_are_named():
    shares = {f"layer{number}": 20.0 for number in range(5)}
    text = sentence(make_diagnosis("int8", 10.0, **shares), make_diagnosis("int8_qat", 40.0, **shares))
    assert len(percents(text)) == 3


@pytest.mark.parametrize(("after_db", "words"), [(20.1, "hardly less error"), (15.0, "more error")])
def test_an_error_that_is_hardly_less_is_not_explained_by_layers(after_db, words):
    text = sentence(make_diagnosis("int8", 20.0, first=100.0), make_diagnosis("int8_qat", after_db, first=10.0))
    assert words in text and "first" not in text and f"{after_db:.1f} dB" in text


def test_of_several_networks_that_whose_error_shrank_most_is_told():
    def two(variant, encoder_db, decoder_db):
        one = make_diagnosis(variant, encoder_db, first=100.0)
        other = replace(one.networks[0], network="decoder", sqnr_db=decoder_db)
        return replace(one, networks=(one.networks[0], other))

    text = sentence(two("int8", 20.0, 10.0), two("int8_qat", 30.0, 20.0))
    assert "decoder" in text and "10.0 dB SQNR before" in text and "encoder" not in text


def test_nothing_is_said_without_both_diagnoses_or_where_nothing_was_lost():
    known = make_diagnosis("int8", 20.0, first=100.0)
    assert why_training_helps({}) is None
    assert why_training_helps({"int8": known}) is None
    assert sentence(make_diagnosis("int8", None), known) is None
    assert sentence(known, replace(known, networks=())) is None
