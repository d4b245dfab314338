"""Bitstream files to PNG: the right decoder by the tag, whole or not at all, every trouble in one line."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from device.errors import SplitliteError
from device.run_file import read_outputs, read_run
from device.stream import header_start, seal, unpack
from host.evaluation.decode import decode
from host.packaging.decoders import DecoderFolder

VERSION_1 = Path(__file__).parent / "data" / "version_1"
BUILD = VERSION_1 / "build"


def streams(variant: str = "int8") -> list[bytes]:
    (folder,) = (path.parent for path in VERSION_1.glob("*/run.json"))
    (row,) = (row for row in read_run(folder)["results"] if row["variant"] == variant)
    return read_outputs(folder, row)


def originals() -> np.ndarray:
    (path,) = (BUILD / "tiny" / "samples").iterdir()
    return np.load(path)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "photo.bin"
    path.write_bytes(streams()[0])
    return path


def refusal(files: list[Path], output: Path, *arguments: object, build: Path = BUILD) -> str:
    with pytest.raises(SplitliteError) as caught:
        decode(files, output, *arguments, build=build)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_file_becomes_the_image_that_was_encoded(file: Path, tmp_path: Path) -> None:
    (found,) = decode([file], tmp_path / "out.png", build=BUILD)
    with Image.open(tmp_path / "out.png") as image:
        pixels = np.asarray(image)
    assert (pixels.shape, pixels.dtype) == ((16, 16, 3), np.uint8)
    assert np.abs(pixels.astype(int) - originals()[0]).mean() < 20
    assert (found.model, found.variant, found.decoder, found.psnr_db, found.ssim) == ("tiny", "int8", "own", None, None)
    assert found.bpp == 8 * len(streams()[0]) / 256
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.png", "photo.bin"]


def test_beside_its_original_it_has_a_quality_and_the_tuned_decoder_another(file: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "photo.npy", originals()[0])
    found = [
        decode([file], tmp_path / "out.png", name, tmp_path / "photo.npy", build=BUILD)[0] for name in ("own", "tuned")
    ]
    assert all(each.psnr_db is not None and each.psnr_db > 20 and 0.5 < (each.ssim or 0) < 1 for each in found)
    assert found[0].psnr_db != found[1].psnr_db
    assert f"PSNR {found[1].psnr_db:.2f} dB, SSIM" in found[1].text() and "tuned decoder" in found[1].text()


def test_a_perfect_image_is_said_to_be_equal(file: Path, tmp_path: Path) -> None:
    decode([file], tmp_path / "out.png", build=BUILD)
    (found,) = decode([file], tmp_path / "again.png", "own", tmp_path / "out.png", build=BUILD)
    assert "; equal to the original, SSIM 1.0000" in found.text()


def test_several_files_of_several_variants_go_into_a_folder(tmp_path: Path) -> None:
    files = []
    for variant in ("int8", "float32"):
        files.append(tmp_path / f"{variant}.bin")
        files[-1].write_bytes(streams(variant)[1])
    found = decode(files, tmp_path / "new" / "out", build=BUILD)
    assert [(each.path, each.variant) for each in found] == [
        (tmp_path / "new" / "out" / "int8.png", "int8"),
        (tmp_path / "new" / "out" / "float32.png", "float32"),
    ]
    assert sorted(path.name for path in (tmp_path / "new" / "out").iterdir()) == ["float32.png", "int8.png"]


def test_one_file_into_a_folder_that_is_there(file: Path, tmp_path: Path) -> None:
    assert decode([file], tmp_path, build=BUILD)[0].path == tmp_path / "photo.png"


def test_a_grey_image_is_a_grey_png(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = DecoderFolder.images
    monkeypatch.setattr(DecoderFolder, "images", lambda *arguments: real(*arguments)[..., :1])
    decode([file], tmp_path / "out.png", build=BUILD)
    with Image.open(tmp_path / "out.png") as image:
        assert image.mode == "L"


def test_every_trouble_is_one_line_that_names_the_file(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    header, payload = unpack(file.read_bytes())
    wrong = {
        "truncated or damaged": file.read_bytes()[:-1],
        "checksum": file.read_bytes()[:-1] + b"!",
        "not a bitstream: it begins with 0x50": b"P6 16 16 255 " + bytes(768),
        "too short": b"S",
        "no decoder for codec tag 00c0ffee (models here: tiny)": seal(header_start(0, "00c0ffee", 16, 16), payload),
        "of an image of 16 x 17 pixels, its decoder makes 16 x 16": seal(
            header_start(0, header.codec_tag, 16, 17), payload
        ),
    }
    for words, content in wrong.items():
        file.write_bytes(content)
        text = refusal([file], out)
        assert text.startswith(f"{file}: ") and words in text
    assert "cannot be read" in refusal([tmp_path / "nowhere.bin"], out)
    assert not out.exists()


def test_a_model_that_was_never_exported(file: Path, tmp_path: Path) -> None:
    assert "(models here: none)" in refusal([file], tmp_path / "out.png", build=tmp_path)


def test_the_outputs_of_a_run_belong_to_collect(tmp_path: Path) -> None:
    (file,) = VERSION_1.glob("*/tiny.int8.bin")
    assert f"host collect {file.parent}" in refusal([file], tmp_path / "out.png")


def test_a_damaged_file_among_others_leaves_nothing(file: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.bin"
    bad.write_bytes(file.read_bytes()[:-2])
    assert "bad.bin" in refusal([file, bad], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_variant_without_a_tuned_decoder_says_so(tmp_path: Path) -> None:
    path = tmp_path / "x.bin"
    path.write_bytes(streams("float32")[0])
    assert "tiny float32 has no tuned decoder; there is: own" in refusal([path], tmp_path / "out.png", "tuned")


def test_names_that_cannot_be_are_refused_before_anything_is_written(file: Path, tmp_path: Path) -> None:
    assert "give it a name that ends with .png" in refusal([file], tmp_path / "out.jpg")
    other = tmp_path / "sub" / "photo.bin"
    other.parent.mkdir()
    shutil.copy(file, other)
    assert "two of the bitstreams would be written there" in refusal([file, other], tmp_path / "out")
    assert "a file; for several bitstreams give a folder" in refusal([file, other], file)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["photo.bin", "sub"]


def test_an_original_of_another_size(file: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "big.npy", np.zeros((32, 16, 3), np.uint8))
    text = refusal([file], tmp_path / "out.png", "own", tmp_path / "big.npy")
    assert "big.npy: (32, 16, 3), the bitstream is of an image (16, 16, 3)" in text
    assert not (tmp_path / "out.png").exists()


def test_a_folder_that_cannot_be_written_is_one_line(file: Path, tmp_path: Path) -> None:
    (tmp_path / "blocked").write_text("a file where a folder should be")
    assert "cannot be written" in refusal([file], tmp_path / "blocked" / "out.png")


def test_an_interrupted_write_leaves_the_old_file(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out.png"
    out.write_bytes(b"old")

    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        decode([file], out, build=BUILD)
    assert out.read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.png", "photo.bin"]


def test_a_newer_decoders_file_is_refused(file: Path, tmp_path: Path) -> None:
    build = Path(shutil.copytree(BUILD, tmp_path / "build"))
    (path,) = build.glob(f"*/{unpack(file.read_bytes())[0].codec_tag}/decoders.json")
    path.write_text(json.dumps({**json.loads(path.read_text()), "format_version": 99}))
    assert "decoders version 99 is newer" in refusal([file], tmp_path / "out.png", build=build)
