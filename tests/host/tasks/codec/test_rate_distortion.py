"""benchmarks/rate_distortion.py on two small images with a tiny codec: what it writes, prints and refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.data
from PIL import Image

from benchmarks import codec_times, rate_distortion
from benchmarks.codec_points import FLOAT32, NAME
from device.bundle import Bundle
from host.curves import image_codecs
from host.tasks.codec.networks import Codec

Exported = tuple[Codec, Bundle, Path]


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("images")
    Image.fromarray(skimage.data.cat()[:180, 100:290]).save(folder / "cat.png")
    Image.fromarray(skimage.data.coffee()[100:290, 200:376]).save(folder / "coffee.png")
    (folder / ".hidden").write_text("no image")
    return folder


@pytest.fixture
def arguments(exported: Exported, images: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """With three settings a codec; the points are kept beside the tiny codec's decoders."""
    codec, bundle, build = exported
    for name, each in image_codecs.IMAGE_CODECS.items():
        few = replace(each, settings=each.settings[2:-1:3])
        monkeypatch.setitem(image_codecs.IMAGE_CODECS, name, few)
    options = {"bundle": bundle.folder, "images": images, "models": codec.spec.folder.parent, "build": build}
    return [part for name, value in options.items() for part in (f"--{name}", str(value))]


def test_it_writes_what_it_prints(arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = ["--json", str(tmp_path / "r.json"), "--plot", str(tmp_path / "r.png"), "--repetitions", "1"]
    assert rate_distortion.main([*arguments, *files]) == 0
    result = json.loads((tmp_path / "r.json").read_text())
    assert result["images"] == 2 and result["image_names"] == ["cat.png", "coffee.png"] and result["published"] == []
    assert {NAME, FLOAT32, "jpeg", "jpeg-444", "webp", "avif", "jpeg2000"} <= set(result["points"])
    assert {len(point) for points in result["points"].values() for point in points} == {3}
    assert result["environment"]["runtime"] == "ai_edge_litert" and "hostname" not in result["environment"]
    timed = {NAME, *image_codecs.IMAGE_CODECS}
    for kind in ("encode", "decode"):
        times = result[f"{kind}_ms_per_megapixel"]
        assert set(times) == timed and min(times.values()) > 0
        quartiles = result["timing"][f"{kind}_quartiles_ms_per_megapixel"]
        assert all(low <= times[name] <= high for name, (low, high) in quartiles.items())
    assert set(result["bd_rate_percent"]) <= set(result["points"]) - {NAME}
    assert result["bd_rate_percent"][FLOAT32] == pytest.approx(0, abs=5)
    assert set(result["bd_rate_percent"]) | set(result["bd_rate_missing"]) == set(result["points"]) - {
        NAME,
        "splitlite (float32 encoder, untuned decoder)",
    }
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert any(f"{result['bd_rate_percent'][FLOAT32]:+.1f} %" in line for line in lines if FLOAT32 in line)
    with Image.open(tmp_path / "r.png") as plot:
        assert plot.format == "PNG" and plot.width > 1000


def test_a_second_call_keeps_the_points_of_pillow(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = []
    for name in ("a.json", "b.json"):
        assert rate_distortion.main([*arguments, "--no-timing", "--json", str(tmp_path / name)]) == 0
        results.append(json.loads((tmp_path / name).read_text()))
        del results[-1]["environment"]["load_average"]
        monkeypatch.setattr(image_codecs.ImageCodec, "encode", lambda *_: pytest.fail("encoded again"))
    assert results[0] == results[1] and "timing" not in results[0]


def test_published_curves_stand_beside_their_own_images_alone(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_distortion, "KODAK", {"cat", "coffee"})
    assert rate_distortion.main([*arguments, "--no-timing", "--json", str(tmp_path / "r.json")]) == 0
    result = json.loads((tmp_path / "r.json").read_text())
    compared = set(result["bd_rate_percent"]) | set(result["bd_rate_missing"])
    assert {"bmshj2018-factorized", "jpeg (published)", "jpeg"} <= compared
    assert set(result["published"]) & set(result["points"]) == set()


@pytest.mark.parametrize("what", ["small", "empty", "none"])
def test_images_that_will_not_do(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SPLITLITE_DATA", raising=False)
    if what == "small":
        Image.fromarray(skimage.data.cat()[:175]).save(tmp_path / "x.png")
    assert rate_distortion.main([] if what == "none" else ["--images", str(tmp_path)]) == 1
    words = {"small": "x.png: image of 175 x 451 pixels: MS-SSIM", "empty": "no images here", "none": "give --images"}
    (line,) = capsys.readouterr().err.splitlines()
    assert words[what] in line


def test_the_setting_nearest_the_rate_is_timed(exported: Exported, monkeypatch: pytest.MonkeyPatch) -> None:
    codecs = {"jpeg": replace(image_codecs.IMAGE_CODECS["jpeg"], settings=(10, 30, 90))}
    monkeypatch.setattr(codec_times, "IMAGE_CODECS", codecs)
    seen: list[Any] = []
    monkeypatch.setattr(codec_times, "_calls", lambda *arguments: seen.append(arguments[2:]) or {"encode": {}})
    rounds = iter([{NAME: [3_000_000, 50_000_000], "jpeg": [1_000_000, 20_000_000]}, {NAME: [8, 8], "jpeg": [1, 4]}])
    monkeypatch.setattr(codec_times, "interleaved_ns", lambda *_: next(rounds))
    monkeypatch.setattr(codec_times, "_stages_ns", lambda *_: [3_000_000, 1_000_000, 2_000_000])
    points = {NAME: [[0.2], [0.52]], "jpeg": [[0.1], [0.45], [0.9]]}
    image = np.zeros((500, 1000, 3), np.uint8)
    found = codec_times.codec_times([image, image], codec=None, points=points, repetitions=2)  # type: ignore[arg-type]
    assert seen == [(1, {"jpeg": 30})] * 2
    assert found["timing"]["settings"] == {NAME: 1, "jpeg": 30} and found["timing"]["bpp"]["jpeg"] == 0.45
    assert found["timing"]["encode_ratio"] == {"jpeg": pytest.approx((3 + 2.5) / 2)}
    assert found["encode_ms_per_megapixel"][NAME] == pytest.approx((8e-6 + 3) / 2 * 2)
    stages = {"quantize": 6.0, "invoke": 2.0, "code": 4.0}  # half a megapixel
    assert found["timing"]["encode_stages_ms_per_megapixel"] == stages
