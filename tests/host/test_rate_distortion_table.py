"""The table and the plot of a rate-distortion comparison: what stands in them, and that it fits."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmarks.rate_distortion_plot import rate_distortion_plot
from benchmarks.rate_distortion_table import rate_distortion_lines

POINTS = [[0.1, 27.0, 0.9], [0.5, 32.0, 0.96], [1.2, 36.0, 0.99]]
FLOAT32 = "splitlite (float32 encoder)"


@pytest.fixture
def result() -> dict[str, Any]:
    row = {"overhead_percent": 0.8765, "saturated_codes": 3, "codes": 9_437_184}
    times = {"splitlite": 80.04, "webp-m4": 90.0}
    return {
        "model": "photo",
        "environment": {"machine": "aarch64"},
        "images": 24,
        "megapixels": 9.437184,
        "codecs": {"webp-m4": "method 4"},
        "points": dict.fromkeys(("splitlite", "splitlite (untuned decoder)", FLOAT32, "webp-m4"), POINTS),
        "published": ["bmshj2018-hyperprior(ms-ssim)", "vtm"],
        "qualities": [{"quality": place, **row} for place in range(3)],
        "bd_rate_percent": {FLOAT32: 0.04, "webp-m4": -17.26, "vtm": 34.5},
        "bd_rate_by_image_percent": {FLOAT32: 0.05, "webp-m4": -18.1},
        "bd_rate_ms_ssim_percent": {FLOAT32: 0.06, "webp-m4": -9.9, "bmshj2018-hyperprior(ms-ssim)": 120.3},
        "bd_rate_missing": {"far": "no common range: 46.90 to 55.40 dB and 26.90 to 35.40 dB; measure more qualities"},
        "encode_ms_per_megapixel": times,
        "decode_ms_per_megapixel": {name: 1000 + value for name, value in times.items()},
        "timing": {
            "repetitions": 3,
            "nearest_bpp": 0.5,
            "settings": {"splitlite": 1, "webp-m4": 25},
            "bpp": {"splitlite": 0.5, "webp-m4": 0.53},
            "encode_ratio": {"webp-m4": 0.889, "jpeg": 14.6},
            "encode_stages_ms_per_megapixel": {"quantize": 0.5, "invoke": 15.8, "code": 50.0},
        },
    }


def line_of(result: dict[str, Any], begin: str) -> list[str]:
    (found,) = [line.split() for line in rate_distortion_lines(result) if line.strip().startswith(begin)]
    return found


def test_the_table_holds_the_numbers_in_80_columns(result: dict[str, Any]) -> None:
    lines = rate_distortion_lines(result)
    assert max(map(len, lines)) <= 80
    assert line_of(result, "splitlite (float32")[-6:] == ["+0.0", "%", "+0.1", "%", "+0.1", "%"]
    assert line_of(result, "vtm") == ["vtm", "+34.5", "%", "-", "-"]
    assert line_of(result, "bmshj2018-hyperprior(ms-ssim)")[1:] == ["-", "-", "+120.3", "%"]
    assert any("no common range" in line for line in lines) and "aarch64" in lines
    quality = line_of(result, "1 ")
    assert quality == ["1", "0.5000", "32.00", "dB", "32.00", "dB", "32.00", "dB", "13.98", "dB", "+0.88", "%", "3"]
    assert "as a factor of jpeg's 14.60, webp-m4's 0.89." in " ".join(lines)
    # An image of 0.393 megapixels.
    assert "in 31.5 ms, 19.7 ms of them to code, and decodes it in 425 ms." in " ".join(lines[-2:])


def test_published_codecs_stand_apart(result: dict[str, Any]) -> None:
    lines = [line.split(",")[0].split()[0] for line in rate_distortion_lines(result) if line]
    assert lines.index("webp-m4") < lines.index("published") < lines.index("bmshj2018-hyperprior(ms-ssim)")
    result["published"] = []
    assert not any("published" in line for line in rate_distortion_lines(result))


def test_without_times_and_without_a_tuned_decoder(result: dict[str, Any]) -> None:
    del result["timing"], result["points"]["splitlite (untuned decoder)"]
    assert not any("megapixel." in line for line in rate_distortion_lines(result))
    assert line_of(result, "1 ")[4] == "-"


def test_the_plot_is_the_same_for_the_same_numbers(result: dict[str, Any]) -> None:
    curves = {"vtm": np.array([[0.2, 31, 0.96], [0.6, 36, np.nan]])}
    data = rate_distortion_plot(result, curves)
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.format == "PNG" and min(picture.size) > 600
    assert rate_distortion_plot(result, curves) == data
    assert rate_distortion_plot(result, {}) != data
    result["points"]["splitlite"] = [[0.1, 27.0, 0.9], [1.2, 36.5, 0.991]]
    assert rate_distortion_plot(result, curves) != data
