"""A run of a photo codec: benched at its qualities, collected, and deployed with the part of device/ that it needs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from device.bench.plan import plan_rows
from device.bench.run import main as bench
from device.bundle import Bundle, read_bundle
from device.errors import BundleError
from host.evaluation.collect import collect
from host.remote.deploy import stage
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
    (evaluation,) = collect(run, build, tmp_path / "results", bundles=bundle.folder.parent)
    (result,) = evaluation["results"]
    rows = {row["row"]: row for row in result["rows"] if row["decoder"] == "own"}
    assert list(rows) == ["int8_q0", "int8_q1"]
    height, width, channels = bundle.image_shape
    for row in rows.values():
        assert row["codes"]["differing"] == 0 and row["codes"]["count"] == bundle.samples_count * bundle.grid.count
        assert row["metrics"]["bpp"] == 8 * row["sizes"]["bitstream_bytes"] / (height * width)
        assert row["compression_ratio"]["nominal"] == height * width * channels / row["sizes"]["latent_bytes"]
        assert row["sizes"]["decoder_bytes"] > 0 and row["latency"]["encoder"]["n"] >= 2
    assert rows["int8_q0"]["metrics"]["bpp"] < rows["int8_q1"]["metrics"]["bpp"]
    assert 20 < rows["int8_q0"]["metrics"]["psnr_db"] < rows["int8_q1"]["metrics"]["psnr_db"]


def test_a_run_over_photographs_of_any_size(exported: Exported, tmp_path: Path) -> None:
    _, bundle, build = exported
    photographs = tmp_path / "photographs"
    photographs.mkdir()
    samples = bundle.read_samples()
    for index, image in enumerate(samples):
        Image.fromarray(np.ascontiguousarray(image[:41, :37])).save(photographs / f"{index}.png")
    run = run_of(exported, tmp_path / "out", "--images", str(photographs), "--quality", "1")
    (evaluation,) = collect(run, build, tmp_path / "results", images=photographs, bundles=bundle.folder.parent)
    (row,) = (row for row in evaluation["results"][0]["rows"] if row["decoder"] == "own")
    assert row["row"] == "int8_q1" and row["sizes"]["latent_bytes"] == 11 * 10 * bundle.grid.channels
    assert row["metrics"]["psnr_db"] > 20 and row["codes"]["differing"] == 0


def test_rows_are_chosen_by_quality_and_by_encoder(exported: Exported) -> None:
    folder = str(exported[1].folder)
    assert [row.variant for row in plan_rows([folder], ["int8"])] == ["int8_q0", "int8_q1"]
    assert [row.variant for row in plan_rows([folder], [], qualities=[1])] == ["int8_q1"]
    with pytest.raises(BundleError, match="no bundle has a quality 7; available: 0, 1"):
        plan_rows([folder], [], qualities=[7])


def test_the_photo_part_travels_where_a_bundle_needs_it(exported: Exported, tmp_path: Path) -> None:
    stage(tmp_path / "device", [str(exported[1].folder)], tests=False)
    assert (tmp_path / "device" / "photo" / "encoder.py").is_file()
    assert not (tmp_path / "device" / "photo" / "tests").exists()


def test_without_the_photo_part_its_bundle_is_refused_in_a_line(
    exported: Exported, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "device.outputs.context_codes.bundle", None)
    with pytest.raises(BundleError, match="needs device/photo; copy that too"):
        read_bundle(exported[1].folder)
