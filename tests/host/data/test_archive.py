"""Archives: unpacked once into the cache; what is wrong with them is one line."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from host.cache import cache_folder
from host.data.archive import checked, unpacked
from host.errors import DataError

# Compresses by half: a cut or a hole is in the data and not in a header, and what zlib says of it is zlib's own error.
NOISE = {
    name: np.random.default_rng(seed).integers(0, 16, 200_000, np.uint8).tobytes()
    for seed, name in enumerate(("one", "two"))
}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def write_archive(path: Path, folder: str = "batches", mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as tar:
        for name, content in NOISE.items():
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return path


def leftovers(cache: Path) -> list[str]:
    return [path.name for path in (cache / "splitlite").glob("*")]


@pytest.mark.parametrize("mode", ["w:gz", "w:xz"])
def test_an_archive_is_unpacked_once(mode: str, tmp_path: Path, cache: Path) -> None:
    archive = write_archive(tmp_path / "batches.tar", mode=mode)
    folder = unpacked(archive, "batches")
    assert (folder / "two").read_bytes() == NOISE["two"]
    assert cache_folder() in folder.parents and cache in folder.parents
    (folder / "mark").touch()
    assert unpacked(archive, "batches") == folder
    assert (folder / "mark").exists()
    assert leftovers(cache) == [folder.name]


def test_another_archive_of_the_same_name_is_unpacked_anew(tmp_path: Path) -> None:
    first = unpacked(write_archive(tmp_path / "batches.tar.gz"), "batches")
    other = tmp_path / "elsewhere"
    other.mkdir()
    assert unpacked(write_archive(other / "batches.tar.gz"), "batches") != first


def refusal(archive: Path, cache: Path) -> str:
    with pytest.raises(DataError) as caught:
        unpacked(archive, "batches")
    text = str(caught.value)
    assert text.startswith(f"{archive}: ") and "\n" not in text
    assert leftovers(cache) == []
    return text


@pytest.mark.parametrize("mode", ["w:gz", "w:xz"])
@pytest.mark.parametrize("kept", [0, 100, 150_000, -500])
def test_a_truncated_archive_is_named(mode: str, kept: int, tmp_path: Path, cache: Path) -> None:
    archive = write_archive(tmp_path / "batches.tar", mode=mode)
    archive.write_bytes(archive.read_bytes()[:kept])
    assert "damaged or truncated" in refusal(archive, cache)


@pytest.mark.parametrize("filler", [b"\0", b"\xff"])
@pytest.mark.parametrize("mode", ["w:gz", "w:xz"])
def test_a_damaged_archive_is_named(mode: str, filler: bytes, tmp_path: Path, cache: Path) -> None:
    archive = write_archive(tmp_path / "batches.tar", mode=mode)
    content = bytearray(archive.read_bytes())
    content[100_000:100_200] = filler * 200
    archive.write_bytes(content)
    assert "damaged or truncated" in refusal(archive, cache)


def test_an_archive_of_something_else_is_named(tmp_path: Path, cache: Path) -> None:
    assert "holds no folder batches" in refusal(write_archive(tmp_path / "b.tar.gz", folder="pictures"), cache)


def test_a_file_is_given_only_if_it_is_the_official_one(tmp_path: Path) -> None:
    path = tmp_path / "file"
    md5 = hashlib.md5(b"official").hexdigest()
    with pytest.raises(DataError, match="file: missing"):
        checked(path, md5)
    path.write_bytes(b"offic")
    with pytest.raises(DataError, match=rf"file: not the official file, or truncated: .* expected {md5} \(5 bytes\)"):
        checked(path, md5)
    path.write_bytes(b"official")
    assert checked(path, md5) == b"official"
