"""JPEG and WebP as rows: bytes counted where they are, settings at the budget, curves without one."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import skimage.data
from PIL import Image

from host.curves.baseline_rows import image_codec_rows
from host.curves.image_codecs import scan_bytes

COFFEE = skimage.data.coffee()
PATCHES = np.stack([COFFEE[y : y + 32, x : x + 32] for y in range(40, 360, 32) for x in range(60, 252, 32)])


@pytest.fixture(autouse=True)
def untimed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("host.timing.ENOUGH_NS", 0)


def jpeg(image: np.ndarray, **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", **options)
    return buffer.getvalue()


def test_a_jpegs_scan_is_what_its_segments_leave() -> None:
    for image in PATCHES[:5]:
        data = jpeg(image, quality=60)
        place = 2  # walk marker by marker to the start of scan
        while data[place + 1] != 0xDA:
            place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
        scan = data[place + 2 + int.from_bytes(data[place + 2 : place + 4], "big") :]
        assert scan.endswith(b"\xff\xd9")
        assert scan_bytes(data) == len(scan) - 2


def test_the_scan_does_not_count_what_stands_in_the_header() -> None:
    plain = jpeg(PATCHES[0], quality=60)
    commented = jpeg(PATCHES[0], quality=60, comment=b"one hundred bytes of words" * 4)
    assert len(commented) > len(plain) + 100
    assert scan_bytes(commented) == scan_bytes(plain)


def test_each_format_lands_near_the_budget() -> None:
    rows = {row.row: row for row in image_codec_rows(PATCHES, 380)}
    assert set(rows) == {"jpeg", "webp", "jpeg-headerless", "webp-headerless"}
    for name, row in rows.items():
        assert row.sizes["bitstream_bytes"] == pytest.approx(380, rel=0.08), name
        assert row.metrics["bpp"] == pytest.approx(8 * row.sizes["bitstream_bytes"] / 1024)
        assert row.ratios["actual"] == pytest.approx(3072 / row.sizes["bitstream_bytes"])
        assert set(row.latency) == {"device", "decoder"} and "Pillow" in row.latency["device"].runtime
    assert rows["jpeg-headerless"].metrics["psnr_db"] > rows["jpeg"].metrics["psnr_db"] + 1


def test_no_other_setting_is_nearer_to_the_budget() -> None:
    (row,) = (row for row in image_codec_rows(PATCHES, 450) if row.row == "jpeg")

    def mean_bytes(quality: int) -> float:
        return float(np.mean([len(jpeg(image, quality=quality, optimize=True)) for image in PATCHES]))

    distances = {quality: abs(mean_bytes(quality) - 450) for quality in range(1, 96)}
    assert distances[row.quality or 0] == min(distances.values())
    assert row.sizes["bitstream_bytes"] == pytest.approx(mean_bytes(row.quality or 0))


def test_a_budget_out_of_reach_takes_the_smallest_files() -> None:
    (row,) = (row for row in image_codec_rows(PATCHES[:10], 50) if row.row == "jpeg")
    assert row.quality is not None and row.quality <= 2
    assert row.sizes["bitstream_bytes"] > 250


def test_grey_images_are_coded_as_grey() -> None:
    rows = image_codec_rows(PATCHES[:10, :, :, :1], 500)
    assert all(row.metrics["psnr_db"] > 20 for row in rows)


def test_without_a_budget_each_format_is_a_curve_over_images_of_several_sizes() -> None:
    images = [COFFEE[:120, :150], COFFEE[200:300, 100:220]]
    rows = image_codec_rows(images, None)
    assert {row.family for row in rows} == {"jpeg", "webp"}  # headers are a small part of such files
    for family in ("jpeg", "webp"):
        curve = [row for row in rows if row.family == family]
        rates, psnrs = ([row.metrics[key] for row in curve] for key in ("bpp", "psnr_db"))
        assert len(curve) > 8 and rates == sorted(rates) and psnrs == sorted(psnrs)
        assert [row.row for row in curve] == [f"{family} q{row.quality}" for row in curve]
    (row,) = (row for row in rows if row.row == "jpeg q48")
    sizes = [len(jpeg(image, quality=48, optimize=True)) for image in map(np.ascontiguousarray, images)]
    assert row.metrics["bpp"] == pytest.approx(np.mean([8 * sizes[0] / 18000, 8 * sizes[1] / 12000]))
    assert {row.family for row in image_codec_rows(PATCHES[:2], None)} > {"jpeg-headerless", "webp-headerless"}


def test_a_picture_of_one_pixel_has_rows_without_ssim() -> None:
    rows = image_codec_rows([np.full((1, 1, 3), 90, np.uint8)], 700)
    assert rows and all("ssim" not in row.metrics for row in rows)
