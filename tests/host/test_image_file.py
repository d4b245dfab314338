"""The one reader of pictures, by Pillow: 16 bits, orientation, transparency and colour modes. Nothing goes unsaid."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from device.errors import ImageError
from device.image_file import check_name, from_pillow, read_folder, read_image, write_image

RAMP = np.arange(12, dtype=np.uint8).reshape(2, 2, 3) * 20


def said_of(picture: Image.Image) -> tuple[np.ndarray, list[str]]:
    said: list[str] = []
    return from_pillow(picture, "p", said.append), said


def test_sixteen_bits_are_scaled(tmp_path: Path) -> None:
    values = np.array([[0, 128, 129, 257], [32768, 65406, 65407, 65535]], np.uint16)
    Image.fromarray(values).save(tmp_path / "g16.png")
    found = read_image(tmp_path / "g16.png", say=pytest.fail)
    assert found[..., 0].tolist() == [[0, 0, 1, 1], [128, 254, 255, 255]]
    assert read_image(tmp_path / "g16.png", 3).shape == (2, 4, 3)


def test_sixteen_bits_of_colour_are_scaled(tmp_path: Path) -> None:
    row = struct.pack(">6H", 0, 256, 32768, 65535, 512, 257)

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", 2, 1, 16, 2, 0, 0, 0)
    data = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" + row)) + chunk(b"IEND", b"")
    )
    (tmp_path / "c16.png").write_bytes(data)
    assert read_image(tmp_path / "c16.png", say=pytest.fail).tolist() == [[[0, 1, 128], [255, 2, 1]]]


def test_an_orientation_is_applied(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it clockwise
    picture = Image.fromarray(np.repeat(np.repeat(RAMP, 8, 0), 12, 1))
    picture.save(tmp_path / "turned.png", exif=exif)
    found = read_image(tmp_path / "turned.png", say=pytest.fail)
    np.testing.assert_array_equal(found, np.rot90(np.asarray(picture), -1))


def test_transparent_parts_are_laid_on_white_and_that_is_said() -> None:
    alpha = np.array([[[0], [255]], [[128], [255]]], np.uint8)
    found, said = said_of(Image.fromarray(np.concatenate([RAMP, alpha], 2)))
    assert found[0].tolist() == [[255, 255, 255], [60, 80, 100]]
    assert found[1, 0].tolist() == [(value * 128 + 255 * 127 + 127) // 255 for value in (120, 140, 160)]
    assert said == ["p: transparent parts are laid on white"]
    grey = Image.fromarray(np.array([[7, 9]], np.uint8)).convert("LA")
    grey.putalpha(Image.fromarray(np.array([[0, 255]], np.uint8)))
    assert said_of(grey)[0].tolist() == [[[255], [9]]]
    palette = Image.fromarray(RAMP).convert("P")
    palette.info["transparency"] = palette.getpixel((0, 0))
    assert said_of(palette)[0][0, 0].tolist() == [255, 255, 255]


def test_an_opaque_alpha_channel_is_nothing_to_say() -> None:
    found, said = said_of(Image.fromarray(RAMP).convert("RGBA"))
    np.testing.assert_array_equal(found, RAMP)
    assert said == []


def test_modes() -> None:
    grey = Image.fromarray(RAMP[..., 0])
    assert said_of(grey)[0].shape == (2, 2, 1)
    assert said_of(grey.convert("1"))[0].shape == (2, 2, 1)
    assert said_of(Image.fromarray(RAMP).convert("P"))[1] == []
    found, said = said_of(Image.fromarray(RAMP).convert("CMYK"))
    np.testing.assert_array_equal(found, RAMP)
    assert said == ["p: converted from CMYK to RGB, without a colour profile"]
    for wrong, words in ((grey.convert("F"), "floating-point"), (Image.new("I", (2, 2), 70000), "32 bits")):
        with pytest.raises(ImageError, match=f"p: .*{words}"):
            said_of(wrong)


def test_a_remark_goes_to_stderr_if_nothing_else_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Image.fromarray(RAMP).convert("CMYK").save(tmp_path / "a.tiff")
    assert read_folder(tmp_path)["a.tiff"].shape == (2, 2, 3)
    said = capsys.readouterr()
    assert said.out == "" and "a.tiff: converted from CMYK" in said.err


def test_what_pillow_does_not_write_is_one_line(tmp_path: Path) -> None:
    rgb, grey = np.zeros((4, 6, 3), np.uint8), np.zeros((4, 6, 1), np.uint8)
    long = np.zeros((1, 65536, 3), np.uint8)
    for name, image in (
        *((f"a.{suffix}", image) for suffix in ("xbm", "palm", "h5", "msp", "blp") for image in (rgb, grey)),
        ("a.webp", long[:, :16384]),
        ("b.webp", long[:, :16384].transpose(1, 0, 2)),
        ("a.jpg", long),
        ("a.gif", long),
    ):
        with pytest.raises(ImageError) as before:
            check_name(tmp_path / name, image.shape)
        with pytest.raises(ImageError) as caught:
            write_image(tmp_path / name, image)
        said = str(caught.value)
        assert said.startswith(f"{tmp_path / name}: a picture of shape {image.shape} cannot be written as ")
        assert said.endswith("; name it .png, .ppm, .pgm or .npy")
        assert "\n" not in said and str(before.value) == said
        assert not (tmp_path / name).exists()


def test_what_pillow_writes_is_read_again(tmp_path: Path) -> None:
    for image in (RAMP, RAMP[..., :1]):
        for name in ("a.png", "a.tiff", "a.PNG"):
            check_name(tmp_path / name, image.shape)
            write_image(tmp_path / name, image)
            np.testing.assert_array_equal(read_image(tmp_path / name), image)


def test_what_fails_only_when_all_is_written_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(picture: Image.Image, *_: object) -> None:
        if min(picture.size) > 1:
            raise MemoryError("no room\nat all")

    monkeypatch.setattr(Image.Image, "save", fail)
    check_name(tmp_path / "a.png", (2, 2, 3))
    with pytest.raises(ImageError, match=r"a.png: .* cannot be written as PNG \(no room at all\); name it .png"):
        write_image(tmp_path / "a.png", RAMP)


def test_damaged_pictures_are_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.fromarray(np.zeros((40, 40, 3), np.uint8)).save(tmp_path / "a.png")
    data = (tmp_path / "a.png").read_bytes()
    (tmp_path / "chunk.png").write_bytes(data.replace(b"IDAT", b"IDBT"))
    (tmp_path / "short.png").write_bytes(data[: len(data) // 2])
    (tmp_path / "text.jpg").write_text("not a picture")
    for name in ("chunk.png", "short.png", "text.jpg", "none.png"):
        with pytest.raises(ImageError, match=name) as caught:
            read_image(tmp_path / name)
        assert "\n" not in str(caught.value)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(ImageError, match=r"a.png: cannot be read"):
        read_image(tmp_path / "a.png")
