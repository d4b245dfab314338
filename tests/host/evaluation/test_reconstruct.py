"""Images through an exported model of one size: what is written, what is said, and what is refused in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import device
from device.errors import BundleError, ImageError, SplitliteError
from host.api import reconstruct
from host.errors import CollectError
from host.evaluation.reconstruct import open_deployed
from host.tasks import TASKS

PIXELS = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)


def run(loop: Any, *files: Path, output: Path, **options: Any) -> list[Any]:
    return list(reconstruct(loop.models / loop.name, files, output, bundles=loop.bundles, build=loop.build, **options))


@pytest.fixture
def image(tmp_path: Path) -> Path:
    Image.fromarray(PIXELS).save(tmp_path / "noise.png")
    return tmp_path / "noise.png"


def test_the_picture_is_of_the_devices_own_bitstream(loop: Any, image: Path, tmp_path: Path) -> None:
    (found,) = run(loop, image, output=tmp_path / "out")
    stream = device.open_encoder(loop.bundles / loop.name, "int8").encode(PIXELS)
    decoded = open_deployed(loop.bundles / loop.name, TASKS, build=loop.build).receiver.picture(stream)
    assert found.target == tmp_path / "out" / "noise.tiny.int8.png"
    with Image.open(found.target) as opened:
        left, middle, right = np.split(np.asarray(opened), 3, axis=1)
    np.testing.assert_array_equal(left, PIXELS)
    np.testing.assert_array_equal(middle, decoded)
    np.testing.assert_array_equal(right, np.minimum(4 * np.abs(PIXELS.astype(int) - decoded), 255))
    assert found.found.bitstream_bytes == len(stream) and found.found.ratio == 768 / len(stream)
    squares = np.mean((PIXELS.astype(float) - decoded) ** 2)
    assert found.found.metrics["psnr_db"] == pytest.approx(10 * np.log10(255**2 / squares))
    assert f"16 x 16 pixels; PSNR {found.found.metrics['psnr_db']:.2f} dB, SSIM " in found.text()
    assert f"{len(stream)} bytes, {8 * len(stream) / 256:.3f} bpp; {found.target}" in found.text()


def test_each_variant_and_decoder_has_a_file_of_its_own(loop: Any, image: Path, tmp_path: Path) -> None:
    pictures = [
        run(loop, image, output=tmp_path, variant=variant, decoder=decoder)[0]
        for variant, decoder in (("int8", "own"), ("int8", "tuned"), ("float32", "own"))
    ]
    assert [each.target.name for each in pictures] == [
        "noise.tiny.int8.png",
        "noise.tiny.int8.tuned.png",
        "noise.tiny.float32.png",
    ]
    assert not np.array_equal(pictures[0].found.image, pictures[1].found.image)
    assert pictures[0].found.bitstream_bytes == pictures[1].found.bitstream_bytes


def test_another_size_is_resized_and_cut_as_in_training_and_said(loop: Any, tmp_path: Path) -> None:
    from host.data.fitting import fit_images

    pixels = np.random.default_rng(1).integers(0, 256, (40, 64), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "gray.png")
    (found,) = run(loop, tmp_path / "gray.png", output=tmp_path / "out")
    expected = fit_images(np.repeat(pixels[None, ..., None], 3, 3), (16, 16, 3), resize=True)[0]
    np.testing.assert_array_equal(found.found.original, expected)
    assert ": 16 x 16 pixels fitted from 40 x 64; " in found.text()


def test_what_cannot_be_done_is_one_line_and_nothing_is_written(loop: Any, image: Path, tmp_path: Path) -> None:
    (tmp_path / "torn.png").write_bytes(image.read_bytes()[:60])
    (tmp_path / "text.png").write_text("no image")
    (tmp_path / "other").mkdir()
    same = tmp_path / "other" / "noise.jpg"
    Image.fromarray(PIXELS).save(same)
    np.save(tmp_path / "four.npy", np.zeros((16, 16, 4), np.uint8))
    out = tmp_path / "out"
    for files, options, error, words in (
        ([tmp_path / "torn.png"], {}, ImageError, "torn.png: cannot be read"),
        ([image, tmp_path / "text.png"], {}, ImageError, "text.png: cannot be read"),
        ([tmp_path / "none.png"], {}, ImageError, "none.png: cannot be read"),
        ([tmp_path / "four.npy"], {}, ImageError, r"\(16, 16, 4\), expected \(height, width, 1 or 3\)"),
        ([image, same], {}, CollectError, "two of the images would be written there"),
        ([image], {"variant": "int4"}, BundleError, "no variant 'int4'; available: dynamic_range, float16, "),
        ([image], {"quality": 1}, BundleError, "has no quality 1 to choose; leave the quality out"),
        ([image], {"variant": "float32", "decoder": "tuned"}, CollectError, "tiny float32 has no tuned decoder"),
    ):
        with pytest.raises(error, match=words) as raised:
            run(loop, *files, output=out, **options)
        assert isinstance(raised.value, SplitliteError) and "\n" not in str(raised.value)
    assert not out.exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(CollectError, match="cannot be written"):
        run(loop, image, output=tmp_path / "file")


def test_an_image_of_another_size_is_not_encoded_as_it_is(loop: Any) -> None:
    deployed = open_deployed(loop.bundles / loop.name, TASKS, build=loop.build)
    assert deployed.pipeline.image_shape == (16, 16, 3)
    with pytest.raises(ImageError, match=r"image is uint8 \(8, 16, 3\), this encoder takes uint8 \(16, 16, 3\)"):
        deployed.reconstruct(PIXELS[:8])
