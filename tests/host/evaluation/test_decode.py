"""Bitstream files to PNG: the right decoder by the tag, whole or not at all, every trouble in one line."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from device.bundle import read_bundle
from device.errors import SplitliteError
from device.run_file import read_outputs, read_run
from device.stream import header_start, seal, unpack
from host.evaluation.decode import Decoded, decode
from host.tasks import TASKS
from host.tasks.compression.decoders import CompressionDecoders

Run = Callable[..., list[Decoded]]
Streams = Callable[[str], list[bytes]]


@pytest.fixture(scope="module")
def streams(loop: Any) -> Streams:
    """A variant's streams of the sample images."""

    def read(variant: str) -> list[bytes]:
        return read_outputs(loop.run, next(row for row in read_run(loop.run).rows if row.variant == variant))

    return read


@pytest.fixture(scope="module")
def originals(loop: Any) -> np.ndarray:
    return read_bundle(loop.bundles / loop.name).read_samples()


@pytest.fixture
def file(streams: Streams, tmp_path: Path) -> Path:
    path = tmp_path / "photo.bin"
    path.write_bytes(streams("int8")[0])
    return path


@pytest.fixture
def run(loop: Any) -> Run:
    """`decode` with the loop's decoders."""
    return lambda files, output, *arguments, build=loop.build: decode(files, output, TASKS, *arguments, build=build)


@pytest.fixture
def refusal(run: Run) -> Callable[..., str]:
    """The one line with which `decode` refuses."""

    def refuse(*arguments: Any, **options: Any) -> str:
        with pytest.raises(SplitliteError) as caught:
            run(*arguments, **options)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return refuse


def test_a_file_becomes_the_image_that_was_encoded(
    file: Path, tmp_path: Path, run: Run, streams: Streams, originals: np.ndarray
) -> None:
    (found,) = run([file], tmp_path / "out.png")
    with Image.open(tmp_path / "out.png") as image:
        pixels = np.asarray(image)
    assert (pixels.shape, pixels.dtype) == ((16, 16, 3), np.uint8)
    assert np.abs(pixels.astype(int) - originals[0]).mean() < 20
    assert (found.model, found.variant, found.decoder, found.values) == ("tiny", "int8", "own", {})
    assert found.bpp == 8 * len(streams("int8")[0]) / 256
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.png", "photo.bin"]


def test_beside_its_original_it_has_a_quality_and_the_tuned_decoder_another(
    file: Path, tmp_path: Path, run: Run, originals: np.ndarray
) -> None:
    np.save(tmp_path / "photo.npy", originals[0])
    found = [run([file], tmp_path / "out.png", name, tmp_path / "photo.npy")[0] for name in ("own", "tuned")]
    assert all((each.values["psnr_db"] or 0) > 20 and 0.5 < (each.values["ssim"] or 0) < 1 for each in found)
    assert found[0].values["psnr_db"] != found[1].values["psnr_db"]
    text = found[1].text()
    assert f"PSNR {found[1].values['psnr_db']:.2f} dB, SSIM" in text and "tuned decoder" in text


def test_a_perfect_image_is_said_to_be_equal(file: Path, tmp_path: Path, run: Run) -> None:
    run([file], tmp_path / "out.png")
    (found,) = run([file], tmp_path / "again.png", "own", tmp_path / "out.png")
    assert "; PSNR without limit (no difference), SSIM 1.0000" in found.text()


def test_several_files_of_several_variants_go_into_a_folder(tmp_path: Path, run: Run, streams: Streams) -> None:
    files = []
    for variant in ("int8", "float32"):
        files.append(tmp_path / f"{variant}.bin")
        files[-1].write_bytes(streams(variant)[1])
    found = run(files, tmp_path / "new" / "out")
    assert [(each.path, each.variant) for each in found] == [
        (tmp_path / "new" / "out" / "int8.png", "int8"),
        (tmp_path / "new" / "out" / "float32.png", "float32"),
    ]
    assert sorted(path.name for path in (tmp_path / "new" / "out").iterdir()) == ["float32.png", "int8.png"]


def test_one_file_into_a_folder_that_is_there(file: Path, tmp_path: Path, run: Run) -> None:
    assert run([file], tmp_path)[0].path == tmp_path / "photo.png"


def test_a_grey_image_is_a_grey_png(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    real = CompressionDecoders.restore
    monkeypatch.setattr(CompressionDecoders, "restore", lambda *arguments: [each[..., :1] for each in real(*arguments)])
    run([file], tmp_path / "out.png")
    with Image.open(tmp_path / "out.png") as image:
        assert image.mode == "L"


def test_every_trouble_is_one_line_that_names_the_file(file: Path, tmp_path: Path, refusal: Callable[..., str]) -> None:
    out = tmp_path / "out.png"
    header, payload = unpack(file.read_bytes())
    wrong = {
        "truncated or damaged": file.read_bytes()[:-1],
        "checksum": file.read_bytes()[:-1] + b"!",
        "not a bitstream: it begins with 0x50": b"P6 16 16 255 " + bytes(768),
        "too short": b"S",
        "no decoder for tag 00c0ffee (here: tiny)": seal(header_start(0, "00c0ffee", 16, 16), payload),
        "of an image of 16 x 17 pixels, its decoder makes 16 x 16": seal(header_start(0, header.tag, 16, 17), payload),
    }
    for words, content in wrong.items():
        file.write_bytes(content)
        text = refusal([file], out)
        assert text.startswith(f"{file}: ") and words in text
    assert "cannot be read" in refusal([tmp_path / "nowhere.bin"], out)
    assert not out.exists()


def test_a_model_that_was_never_exported(file: Path, tmp_path: Path, refusal: Callable[..., str]) -> None:
    assert "(here: none)" in refusal([file], tmp_path / "out.png", build=tmp_path)


def test_the_outputs_of_a_run_belong_to_collect(loop: Any, tmp_path: Path, refusal: Callable[..., str]) -> None:
    file = loop.run / "tiny.int8.bin"
    assert f"host collect {file.parent}" in refusal([file], tmp_path / "out.png")


def test_a_damaged_file_among_others_leaves_nothing(file: Path, tmp_path: Path, refusal: Callable[..., str]) -> None:
    bad = tmp_path / "bad.bin"
    bad.write_bytes(file.read_bytes()[:-2])
    assert "bad.bin" in refusal([file, bad], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_variant_without_a_tuned_decoder_says_so(
    tmp_path: Path, refusal: Callable[..., str], streams: Streams
) -> None:
    path = tmp_path / "x.bin"
    path.write_bytes(streams("float32")[0])
    assert "tiny float32 has no tuned decoder; there is: own" in refusal([path], tmp_path / "out.png", "tuned")


def test_names_that_cannot_be_are_refused_before_anything_is_written(
    file: Path, tmp_path: Path, refusal: Callable[..., str]
) -> None:
    assert "give it a name that ends with .png" in refusal([file], tmp_path / "out.jpg")
    other = tmp_path / "sub" / "photo.bin"
    other.parent.mkdir()
    shutil.copy(file, other)
    assert "two of the bitstreams would be written there" in refusal([file, other], tmp_path / "out")
    assert "a file; for several bitstreams give a folder" in refusal([file, other], file)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["photo.bin", "sub"]


def test_an_original_of_another_size(file: Path, tmp_path: Path, refusal: Callable[..., str]) -> None:
    np.save(tmp_path / "big.npy", np.zeros((32, 16, 3), np.uint8))
    text = refusal([file], tmp_path / "out.png", "own", tmp_path / "big.npy")
    assert "big.npy: (32, 16, 3), the bitstream is of an image (16, 16, 3)" in text
    assert not (tmp_path / "out.png").exists()


def test_a_folder_that_cannot_be_written_is_one_line(file: Path, tmp_path: Path, refusal: Callable[..., str]) -> None:
    (tmp_path / "blocked").write_text("a file where a folder should be")
    assert "cannot be written" in refusal([file], tmp_path / "blocked" / "out.png")


def test_an_interrupted_write_leaves_the_old_file(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    out = tmp_path / "out.png"
    out.write_bytes(b"old")

    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run([file], out)
    assert out.read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.png", "photo.bin"]


def test_a_newer_decoders_file_is_refused(loop: Any, file: Path, tmp_path: Path, refusal: Callable[..., str]) -> None:
    build = Path(shutil.copytree(loop.build, tmp_path / "build"))
    (path,) = build.glob(f"*/{unpack(file.read_bytes())[0].tag}/decoders.json")
    path.write_text(json.dumps({**json.loads(path.read_text()), "format_version": 99}))
    assert "decoders version 99 is newer" in refusal([file], tmp_path / "out.png", build=build)
