"""An exported codec on the device and at home: any size, any strips, the host's codes to the bit."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import device
from device.__main__ import main as device_main
from device.bundle import Bundle, read_bundle
from device.errors import BundleError, ImageError
from device.inputs import strips
from device.pipeline import Pipeline
from device.stream import unpack
from host.api import export
from host.evaluation.decode import decode
from host.networks.weights import save_weights
from host.packaging.decoders import find_decoders
from host.packaging.export import read_record
from host.tasks import TASKS
from host.tasks.codec.int8 import Int8Encoder, convert_encoder
from host.tasks.codec.networks import Codec


def picture(height: int, width: int) -> np.ndarray:
    """Smooth and noisy: uint8 (height, width, 3)."""
    random = np.random.default_rng(height * 1000 + width)
    ramp = np.add.outer(np.arange(height), np.arange(width))[..., None] * [1.0, 0.7, 1.3]
    return ((ramp + random.normal(0, 12, (height, width, 3))) % 256).astype(np.uint8)


@pytest.mark.parametrize("quality", [0, 1])
def test_codes_are_the_hosts_in_any_strips(
    exported: tuple[Codec, Bundle, Path], quality: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    codec, bundle, _ = exported
    host = Int8Encoder(convert_encoder(codec, 4, 4), codec.spec)
    for strip_pixels in (1, 300, 1000, 10**6):
        monkeypatch.setattr(strips, "STRIP_PIXELS", strip_pixels)
        encoder = Pipeline(bundle, f"int8_q{quality}")
        for height, width in ((40, 32), (41, 37), (23, 60), (61, 37), (16, 4), (4, 4), (5, 3), (1, 1), (2, 9)):
            image = picture(height, width)
            expected = host.image_codes(image, quality)
            found = encoder.numbers(image)
            assert np.array_equal(found, expected), (strip_pixels, height, width)
            encoder.quantize(image)
            encoder.invoke()
            assert encoder.code() == encoder.encode(image)


def test_a_bitstream_decodes_to_its_codes(exported: tuple[Codec, Bundle, Path]) -> None:
    _, bundle, build = exported
    image = picture(50, 71)
    encoder = device.open_encoder(bundle.folder, quality=1)
    stream = encoder.encode(image)
    header, payload = unpack(stream, expect_tag=encoder.tag)
    assert (header.height, header.width, header.coder_id) == (50, 71, 1)
    home = find_decoders(build, header.tag)
    assert (home.task, home.family, home.quality) == ("codec", "int8", 1)
    decoders = TASKS["codec"].decoders(home)
    assert np.array_equal(decoders.numbers(payload, 50, 71), encoder.numbers(image))


def test_qualities_have_tags_of_their_own(exported: tuple[Codec, Bundle, Path]) -> None:
    _, bundle, _ = exported
    assert list(bundle.variants) == ["int8_q0", "int8_q1"]
    assert len({variant.tag for variant in bundle.variants.values()}) == 2
    assert len({variant.sha256 for variant in bundle.variants.values()}) == 1


def test_wrong_images_and_qualities_are_named(exported: tuple[Codec, Bundle, Path]) -> None:
    _, bundle, _ = exported
    encoder = device.open_encoder(bundle.folder)
    for wrong in (np.zeros((8, 8), np.uint8), np.zeros((8, 8, 3), np.float32), np.zeros((0, 8, 3), np.uint8), None):
        with pytest.raises(ImageError):
            encoder.encode(wrong)  # type: ignore[arg-type]
    with pytest.raises(BundleError, match="no quality 2; there are 0 to 1"):
        device.open_encoder(bundle.folder, quality=2)


def test_tables_of_another_quality_are_refused(exported: tuple[Codec, Bundle, Path], tmp_path: Path) -> None:
    _, bundle, _ = exported
    for file in bundle.folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    text = (tmp_path / "bundle.json").read_text()
    value = json.loads(text)
    first, second = (value["variants"][f"int8_q{quality}"]["output"] for quality in (0, 1))
    first["tables"], second["tables"] = second["tables"], first["tables"]
    (tmp_path / "bundle.json").write_text(json.dumps(value))
    with pytest.raises(BundleError, match=r"variants.int8_q0.tag: .* its parts give"):
        read_bundle(tmp_path)


def test_a_file_goes_there_and_back(exported: tuple[Codec, Bundle, Path], tmp_path: Path) -> None:
    codec, bundle, build = exported
    image = picture(45, 66)
    Image.fromarray(image).save(tmp_path / "in.png")
    arguments = ["encode", str(tmp_path / "in.png"), "-o", str(tmp_path / "out.bin"), "--bundle", str(bundle.folder)]
    assert device_main([*arguments, "--quality", "1"]) == 0
    (found,) = decode([tmp_path / "out.bin"], tmp_path / "out.png", TASKS, original=tmp_path / "in.png", build=build)
    assert "45 x 66 pixels, tiny int8_q1, own decoder" in found.text()
    restored = np.asarray(Image.open(tmp_path / "out.png"))
    codes = Pipeline(bundle, "int8_q1").numbers(image)
    made = codec.decoder([codes[None].astype(np.float32), np.array([1], np.int32)]).numpy()[0, :45, :66]
    assert np.abs(restored - np.clip(made, 0, 1) * 255).max() < 0.51


def test_another_network_joins_a_tag(exported: tuple[Codec, Bundle, Path]) -> None:
    codec, bundle, build = exported
    spec = codec.spec
    save_weights(spec.folder / "decoder.int8.weights.h5", {"decoder": codec.decoder})
    export(spec.folder, bundles=bundle.folder.parent, build=build)
    again = read_bundle(bundle.folder)
    assert {k: v.tag for k, v in again.variants.items()} == {k: v.tag for k, v in bundle.variants.items()}
    assert find_decoders(build, again.variants["int8_q0"].tag).names == ("own", "tuned")


def test_a_recipe_adds_a_family_and_one_that_is_not_int8_says_why(
    exported: tuple[Codec, Bundle, Path], tmp_path: Path
) -> None:
    folder = exported[0].spec.folder
    shutil.copytree(folder, tmp_path / "tiny")
    value = json.loads((folder / "spec.json").read_text())
    names = {"int8_again": "int8", "float32": "float32"}
    value["quantization"] = {
        "recipes": {name: {"weights": "float", "conversion": conversion} for name, conversion in names.items()}
    }
    (tmp_path / "tiny" / "spec.json").write_text(json.dumps(value))
    export(tmp_path / "tiny", bundles=tmp_path / "bundles", build=tmp_path / "build")
    bundle = read_bundle(tmp_path / "bundles" / "tiny")
    assert set(bundle.families()) == {"int8", "int8_again"}
    assert bundle.variant("int8_q1").tag == bundle.variant("int8_again_q1").tag
    assert "take a conversion with such activations" in read_record(tmp_path / "build", "tiny").left_out["float32"]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no VmHWM here")
def test_memory_is_bounded(exported: tuple[Codec, Bundle, Path], tmp_path: Path) -> None:
    """12 megapixels; the tiny codec's 12 codes for 16 pixels are nearly the photo codec's 256 for 256."""
    from benchmarks.photo_encoder import LIMIT_BYTES, peak_rss_bytes

    _, bundle, _ = exported
    np.save(tmp_path / "tile.npy", picture(500, 500))
    peak = peak_rss_bytes(tmp_path / "tile.npy", str(bundle.folder), 0)
    assert peak < LIMIT_BYTES
