"""Baselines: bytes counted where they are, qualities at the budget, a PCA that is one."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from host.data.photos import load
from host.evaluation.baselines import image_codec_rows, jpeg_scan_bytes, pca_row


@pytest.fixture(scope="module")
def patches() -> np.ndarray:
    """uint8 (60, 32, 32, 3)."""
    return load(32)[1][40:100]


def jpeg(image: np.ndarray, **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", **options)
    return buffer.getvalue()


def test_a_jpegs_scan_is_what_its_segments_leave(patches: np.ndarray) -> None:
    for image in patches[:5]:
        data = jpeg(image, quality=60)
        place = 2  # walk marker by marker to the start of scan
        while data[place + 1] != 0xDA:
            place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
        scan = data[place + 2 + int.from_bytes(data[place + 2 : place + 4], "big") :]
        assert scan.endswith(b"\xff\xd9")
        assert jpeg_scan_bytes(data) == len(scan) - 2


def test_the_scan_does_not_count_what_stands_in_the_header(patches: np.ndarray) -> None:
    plain = jpeg(patches[0], quality=60)
    commented = jpeg(patches[0], quality=60, comment=b"one hundred bytes of words" * 4)
    assert len(commented) > len(plain) + 100
    assert jpeg_scan_bytes(commented) == jpeg_scan_bytes(plain)


def test_each_codec_lands_near_the_budget(patches: np.ndarray) -> None:
    rows = {row["row"]: row for row in image_codec_rows(patches, 380)}
    assert set(rows) == {"jpeg", "webp", "jpeg-headerless", "webp-headerless"}
    for name, row in rows.items():
        assert row["sizes"]["bitstream_bytes"] == pytest.approx(380, rel=0.05), name
        assert row["metrics"]["bpp"] == pytest.approx(8 * row["sizes"]["bitstream_bytes"] / 1024)
        assert row["compression_ratio"]["actual"] == pytest.approx(3072 / row["sizes"]["bitstream_bytes"])
    assert rows["jpeg-headerless"]["metrics"]["psnr_db"] > rows["jpeg"]["metrics"]["psnr_db"] + 1


def test_no_other_quality_is_nearer_to_the_budget(patches: np.ndarray) -> None:
    (row,) = (row for row in image_codec_rows(patches, 450) if row["row"] == "jpeg")

    def mean_bytes(quality: int) -> float:
        return float(np.mean([len(jpeg(image, quality=quality, optimize=True)) for image in patches]))

    distances = {quality: abs(mean_bytes(quality) - 450) for quality in range(1, 96)}
    assert distances[row["quality"]] == min(distances.values())
    assert row["sizes"]["bitstream_bytes"] == pytest.approx(mean_bytes(row["quality"]))


def test_a_budget_out_of_reach_takes_the_smallest_files(patches: np.ndarray) -> None:
    (row,) = (row for row in image_codec_rows(patches[:10], 50) if row["row"] == "jpeg")
    assert row["quality"] <= 2
    assert row["sizes"]["bitstream_bytes"] > 250


def test_grey_images_are_coded_as_grey(patches: np.ndarray) -> None:
    rows = image_codec_rows(patches[:10, :, :, :1], 500)
    assert all(row["metrics"]["psnr_db"] > 20 for row in rows)


def test_a_pca_of_full_rank_loses_nothing(patches: np.ndarray) -> None:
    small = load(16)[0][:700, :12, :12]
    row = pca_row(small[:600], small[600:], 12 * 12 * 3)
    assert row["metrics"]["perfect_images"] == 100
    assert row["metrics"]["ssim"] == pytest.approx(1)


def test_a_pca_keeps_the_components_that_matter() -> None:
    train, test = load(16)
    qualities = [pca_row(train[:2000, :12, :12], test[:50, :12, :12], count)["metrics"]["psnr_db"] for count in (4, 64)]
    centred = train[:2000, :12, :12].reshape(2000, -1) / 255.0
    centred = centred - centred.mean(0)
    values = np.linalg.eigvalsh(centred.T @ centred / 2000)
    kept = values[-64:].sum() / values.sum()
    assert kept > 0.9
    assert qualities[1] > qualities[0] + 5
