"""A photo codec over a folder of photographs, and one photograph of it side by side with what came back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

import device
from device.bundle import Bundle
from device.errors import BundleError
from host.errors import DataError, ModelError
from host.evaluation.evaluate import evaluate
from host.evaluation.one_image import open_codec
from host.evaluation.reconstruct import reconstruct
from host.metrics import psnr_db
from host.reporting.evaluations import result_text
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
    exported: Exported, pictures: Path, tmp_path: Path
) -> None:
    codec, bundle, build = exported
    folders = {"models": codec.spec.folder.parent, "bundles": bundle.folder.parent, "build": build}
    found = evaluate("tiny", data=pictures, evaluations=tmp_path, **folders)
    assert (tmp_path / "tiny" / "pictures.json").is_file()
    rows = {row["row"]: row for row in found["rows"]}
    assert {name.removesuffix("+tuned") for name in rows} == {"int8_q0", "int8_q1"}
    coarse, fine = rows["int8_q0"], rows["int8_q1"]
    assert coarse["metrics"]["bpp"] < fine["metrics"]["bpp"]
    assert coarse["metrics"]["psnr_db"] < fine["metrics"]["psnr_db"]
    encoder = device.open_encoder(bundle.folder, quality=1)
    streams = [encoder.encode(np.ascontiguousarray(image)) for image in (CAT, COFFEE)]
    decoder = open_codec(bundle.folder, quality=1, build=build)
    assert fine["sizes"]["bitstream_bytes"] == np.mean([len(stream) for stream in streams])
    assert fine["metrics"]["bpp"] == pytest.approx(
        np.mean([8 * len(streams[0]) / CAT[..., 0].size, 8 * len(streams[1]) / COFFEE[..., 0].size])
    )
    ratio = (CAT.size + COFFEE.size) / (len(streams[0]) + len(streams[1]))
    assert fine["compression_ratio"]["actual"] == pytest.approx(ratio)
    psnr = [psnr_db(image, decoder.decode(stream)) for image, stream in zip((CAT, COFFEE), streams, strict=True)]
    assert fine["metrics"]["psnr_db"] == pytest.approx(np.mean(psnr))
    assert "tiny: means of 2 images" in result_text(found)
    with pytest.raises(ModelError, match=r"benchmarks/rate_distortion\.py .* --data DIR"):
        evaluate("tiny", **folders)
    Image.fromarray(np.ascontiguousarray(CAT[:10])).save(pictures / "flat.png")
    with pytest.raises(DataError, match=r"flat\.png: 10 x 70 pixels, SSIM needs sides of 11"):
        evaluate("tiny", data=pictures, **folders)


def test_a_photograph_of_any_size_is_reconstructed_at_a_quality(
    exported: Exported, pictures: Path, tmp_path: Path
) -> None:
    codec, bundle, build = exported
    folders = {"models": codec.spec.folder.parent, "bundles": bundle.folder.parent, "build": build}
    files = sorted(pictures.iterdir())
    pair = list(reconstruct("tiny", files, tmp_path / "out", quality=0, **folders))
    assert [each.target.name for each in pair] == ["cat.tiny.int8_q0.png", "coffee.tiny.int8_q0.png"]
    with Image.open(pair[1].target) as opened:
        assert opened.size == (3 * 33, 41)
    assert pair[0].fitted_from is None
    with pytest.raises(BundleError, match="no quality 2; there are 0 to 1"):
        list(reconstruct("tiny", files, tmp_path / "out", quality=2, **folders))
    Image.fromarray(np.ascontiguousarray(CAT[:5, :7, 0])).save(tmp_path / "speck.png")
    (speck,) = reconstruct("tiny", [tmp_path / "speck.png"], tmp_path / "out", **folders)
    assert "5 x 7 pixels; PSNR " in speck.text() and ", too small for SSIM, " in speck.text()
