"""What the plots join: the qualities of one codec, by rate."""

from __future__ import annotations

import pytest

from host.reporting.plots import _curves, _family
from host.reporting.rows import ReportRow


def row(model, name, bpp):
    return ReportRow(model, name, name.removesuffix("+tuned"), None, "variant", psnr_db=30.0, bpp=bpp)


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("int8_q0", "int8"),
        ("int8_q12+tuned", "int8+tuned"),
        ("int8_qat", "int8_qat"),
        ("int8_qat+tuned", "int8_qat+tuned"),
    ],
)
def test_a_family_is_the_name_without_its_quality(name, family):
    assert _family(name) == family


def test_a_curve_is_of_one_codec_and_one_decoder_in_order_of_its_rates():
    rows = [
        row("photo", "int8_q1", 0.4),
        row("photo", "int8_q0", 0.1),
        row("photo", "int8_q0+tuned", 0.1),
        row("other", "int8_q0", 0.2),
        row("plain", "int8", 0.3),
    ]
    assert [[each.bpp for each in curve] for curve in _curves(rows)] == [[0.1, 0.4], [0.1], [0.2]]
