"""A run of a photo codec: benched at its qualities, collected, and deployed with the part of device/ that it needs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from device.bench.plan import plan_rows
from device.bench.run import main as bench
from device.bundle import Bundle
from device.errors import BundleError
from host.api import collect
from host.kept_pictures import read_pictures
from host.tasks.codec.networks import Codec

QUICK = ["--repetitions", "1", "--runs", "2", "--warmup", "1", "--seconds", "0.001"]
Exported = tuple[Codec, Bundle, Path]


def run_of(exported: Exported, out: Path, *options: str) -> Path:
    assert bench(["--bundle", str(exported[1].folder), *QUICK, "--out", str(out), *options]) == 0
    (run,) = out.iterdir()
    return run


def test_a_run_over_the_samples_is_collected(exported: Exported, tmp_path: Path) -> None:
    _, bundle, build = exported
    run = run_of(exported, tmp_path / "out")
    (collected,) = collect(run, results=tmp_path / "results", bundles=bundle.folder.parent, build=build)
    (result,) = collected.results
    rows = {row.row: row for row in result.rows if row.decoder == "own"}
    assert list(rows) == ["int8_q0", "int8_q1"]
    count, height, width, channels = bundle.samples.shape
    for row in rows.values():
        assert row.agreement and row.agreement.differing == 0
        assert row.agreement.count == count * row.sizes["latent_bytes"]
        assert row.metrics["bpp"] == 8 * row.sizes["bitstream_bytes"] / (height * width)
        assert row.ratios["nominal"] == height * width * channels / row.sizes["latent_bytes"]
        assert row.ratios["float32_latent"] == row.ratios["nominal"] / 4
        assert row.sizes["decoder_bytes"] > 0 and row.latency["device"].n >= 2
    assert rows["int8_q0"].metrics["bpp"] < rows["int8_q1"].metrics["bpp"]
    assert 20 < rows["int8_q0"].metrics["psnr_db"] < rows["int8_q1"].metrics["psnr_db"]


def test_a_run_over_photographs_of_any_size(exported: Exported, tmp_path: Path) -> None:
    _, bundle, build = exported
    photographs = tmp_path / "photographs"
    photographs.mkdir()
    image = bundle.read_samples()[0]
    for height, width in ((41, 37), (24, 50)):
        Image.fromarray(np.ascontiguousarray(image[:height, :width])).save(photographs / f"{height}.png")
    run = run_of(exported, tmp_path / "out", "--images", str(photographs), "--quality", "1")
    folders = {"results": tmp_path / "results", "bundles": bundle.folder.parent, "build": build}
    (collected,) = collect(run, images=photographs, **folders)
    (result,) = collected.results
    (row,) = (row for row in result.rows if row.decoder == "own")
    assert result.image_shapes == ((24, 50, 3), (41, 37, 3)) and result.source == "folder photographs"
    blocks = (11 * 10 + 6 * 13) / 2  # of 4 x 4 pixels, the mean of both
    assert row.row == "int8_q1" and row.sizes["latent_bytes"] == blocks * bundle.variant("int8_q1").output.grid.channels
    assert row.metrics["psnr_db"] > 20 and row.agreement and row.agreement.differing == 0
    pictures = read_pictures(next((tmp_path / "results").glob("*/*/pictures/pictures.json"))).models["tiny"].pictures
    assert sorted((picture.height, picture.width) for picture in pictures) == [(24, 50), (41, 37)]
    for picture in pictures:
        assert [each.row for each in picture.baselines("int8_q1")] == ["jpeg", "webp"]


def test_rows_are_chosen_by_quality_and_by_encoder(exported: Exported) -> None:
    folder = str(exported[1].folder)
    assert [row.variant for row in plan_rows([folder], ["int8"])] == ["int8_q0", "int8_q1"]
    assert [row.variant for row in plan_rows([folder], [], qualities=[1])] == ["int8_q1"]
    with pytest.raises(BundleError, match="no bundle has a quality 7; available: 0, 1"):
        plan_rows([folder], [], qualities=[7])
