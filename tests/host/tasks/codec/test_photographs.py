"""A photo codec over a folder of photographs, and one photograph of it side by side with what came back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

from device.bundle import Bundle
from device.errors import BundleError
from host.api import evaluate, reconstruct
from host.evaluation.reconstruct import open_deployed
from host.metrics import psnr_db
from host.reporting.evaluations import result_text
from host.tasks import TASKS
from host.tasks.codec.networks import Codec

Exported = tuple[Codec, Bundle, Path]
CAT, COFFEE = skimage.data.cat()[:60, 100:170], skimage.data.coffee()[100:141, 200:233]


@pytest.fixture
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "pictures").mkdir()
    for name, pixels in (("cat", CAT), ("coffee", COFFEE)):
        Image.fromarray(np.ascontiguousarray(pixels)).save(tmp_path / "pictures" / f"{name}.png")
    return tmp_path / "pictures"


def test_every_quality_is_a_row_of_means_over_images_as_they_are(
    exported: Exported, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    codec, bundle, build = exported
    monkeypatch.setattr("host.timing.ENOUGH_NS", 0)
    folders = {"bundles": bundle.folder.parent, "build": build}
    found = evaluate(codec.spec.folder, data=pictures, out=tmp_path / "pictures.json", **folders)
    assert (tmp_path / "pictures.json").is_file()
    assert (found.images, found.image_shapes) == (2, ((41, 33, 3), (60, 70, 3)))
    rows = {row.row: row for row in found.rows}
    assert {row.row.removesuffix("+tuned") for row in found.rows if row.variant} == {"int8_q0", "int8_q1"}
    coarse, fine = rows["int8_q0"], rows["int8_q1"]
    assert [(row.family, row.quality) for row in (coarse, fine)] == [("int8", 0), ("int8", 1)]
    assert coarse.metrics["bpp"] < fine.metrics["bpp"]
    assert coarse.metrics["psnr_db"] < fine.metrics["psnr_db"]
    deployed = open_deployed(bundle.folder, TASKS, quality=1, build=build)
    images = [np.ascontiguousarray(image) for image in (CAT, COFFEE)]
    streams = [deployed.pipeline.encode(image) for image in images]
    assert fine.sizes["bitstream_bytes"] == np.mean([len(stream) for stream in streams])
    assert fine.metrics["bpp"] == pytest.approx(
        np.mean([8 * len(streams[0]) / CAT[..., 0].size, 8 * len(streams[1]) / COFFEE[..., 0].size])
    )
    ratio = (CAT.size + COFFEE.size) / (len(streams[0]) + len(streams[1]))
    assert fine.ratios["actual"] == pytest.approx(ratio)
    psnr = [psnr_db(image, deployed.receiver.picture(each)) or 0 for image, each in zip(images, streams, strict=True)]
    assert fine.metrics["psnr_db"] == pytest.approx(np.mean(psnr))
    assert set(fine.latency) == {"device", "decoder"}
    jpeg = [row for row in found.rows if row.family == "jpeg"]
    assert len(jpeg) > 8 and jpeg[0].metrics["psnr_db"] < jpeg[-1].metrics["psnr_db"]
    assert set(jpeg[0].latency) == {"device", "decoder"}
    assert "tiny" in result_text(found) and "2 images" in result_text(found)


def test_a_folder_with_a_speck_is_evaluated_without_ssim(exported: Exported, pictures: Path) -> None:
    codec, bundle, build = exported
    Image.fromarray(np.ascontiguousarray(CAT[:10])).save(pictures / "flat.png")
    folders = {"bundles": bundle.folder.parent, "build": build}
    found = evaluate(codec.spec.folder, data=pictures, images=3, baselines=False, **folders)
    assert found.images == 3
    assert all("ssim" not in row.metrics and row.metrics["psnr_db"] > 10 for row in found.rows)


def test_a_photograph_of_any_size_is_reconstructed_at_a_quality(
    exported: Exported, pictures: Path, tmp_path: Path
) -> None:
    codec, bundle, build = exported
    folders = {"bundles": bundle.folder.parent, "build": build}
    files = sorted(pictures.iterdir())
    pair = list(reconstruct(codec.spec.folder, files, tmp_path / "out", quality=0, **folders))
    assert [each.target.name for each in pair] == ["cat.tiny.int8_q0.png", "coffee.tiny.int8_q0.png"]
    with Image.open(pair[1].target) as opened:
        assert opened.size == (3 * 33, 41)
    assert pair[0].fitted_from is None
    with pytest.raises(BundleError, match="no quality 2; there are 0 to 1"):
        list(reconstruct(codec.spec.folder, files, tmp_path / "out", quality=2, **folders))
    Image.fromarray(np.ascontiguousarray(CAT[:5, :7, 0])).save(tmp_path / "speck.png")
    (speck,) = reconstruct(codec.spec.folder, [tmp_path / "speck.png"], tmp_path / "out", **folders)
    assert "5 x 7 pixels; PSNR " in speck.text() and "SSIM" not in speck.text()
