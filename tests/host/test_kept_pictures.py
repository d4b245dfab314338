"""The index of a run's pictures: it is read as it was written, and what is wrong in it is one line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from device.files import write_json
from host.errors import CollectError, ReportError
from host.kept_pictures import KeptPicture, KeptPictures, ModelPictures, Shown, as_document, read_pictures

JPEG = Shown("jpeg", "m.0.a.jpeg.jpg", 90, {"psnr_db": 24.5}, "a", "JPEG, quality 4", ("It is small.",))
PICTURE = KeptPicture(
    index=0,
    width=512,
    height=300,
    original="m.0.webp",
    middle_of=(700, 300),
    shown=(
        Shown("a", "m.0.a.webp", 100, {"psnr_db": 25.0, "ssim": 0.9}),
        JPEG,
        Shown("a+tuned", "m.0.a-tuned.webp", 100),
        Shown("b", "m.0.b.webp", 200),
        Shown("jpeg", "m.0.b.jpeg.jpg", 190, beside="b", title="JPEG, quality 9"),
        Shown("bicubic", "m.0.bicubic.webp", 400, title="Bicubic"),
    ),
)
PICTURES = KeptPictures({"m": ModelPictures((PICTURE,), ("Luma alone.",))})


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_json(tmp_path / "pictures.json", as_document(PICTURES))
    assert read_pictures(tmp_path / "pictures.json") == PICTURES
    first = json.loads((tmp_path / "pictures.json").read_text())["models"]["m"]["pictures"][0]["shown"][0]
    values = {"psnr_db": 25.0, "ssim": 0.9}
    assert first == {"row": "a", "file": "m.0.a.webp", "bytes": 100, "values": values}


def test_rows_of_equal_bytes_have_the_baselines_of_the_first() -> None:
    assert [each.row for each in PICTURE.rows()] == ["a", "a+tuned", "b", "bicubic"]
    assert PICTURE.baselines("a") == PICTURE.baselines("a+tuned") == (JPEG,)
    assert [each.file for each in PICTURE.baselines("b")] == ["m.0.b.jpeg.jpg"]
    assert PICTURE.baselines("bicubic") == PICTURE.baselines("nosuch") == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format_version": 2}, "index of pictures version 2 is newer than 1"),
        ({"format_version": None}, "no format version"),
        ({"models": {"m": {"pictures": [{"index": 0}]}}}, r"models\.m\.pictures\[0\]\.width: missing"),
    ],
)
def test_another_version_or_a_damaged_index_is_one_line(change: dict[str, Any], said: str, tmp_path: Path) -> None:
    write_json(tmp_path / "pictures.json", as_document(PICTURES) | change)
    with pytest.raises(ReportError, match=said) as raised:
        read_pictures(tmp_path / "pictures.json")
    assert "\n" not in str(raised.value) and str(tmp_path / "pictures.json") in str(raised.value)


@pytest.mark.parametrize("name", ["../secret.webp", "/etc/passwd", ".hidden", "a b.webp"])
@pytest.mark.parametrize("key", ["original", "file"])
def test_no_file_lies_outside_the_folder(name: str, key: str, tmp_path: Path) -> None:
    document = as_document(PICTURES)
    picture = document["models"]["m"]["pictures"][0]
    (picture if key == "original" else picture["shown"][3])[key] = name
    write_json(tmp_path / "pictures.json", document)
    with pytest.raises(CollectError, match="cannot name a file"):
        read_pictures(tmp_path / "pictures.json", CollectError)


def test_reading_loads_nothing_heavy() -> None:
    code = (
        "import sys, host.kept_pictures; "
        "print([m for m in sys.modules if m in ('tensorflow', 'tf_keras', 'skimage', 'PIL', 'matplotlib')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
