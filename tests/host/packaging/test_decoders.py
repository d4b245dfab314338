"""build/<model>/<codec tag>/: what was written is read back, and another tag's folder is never touched."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from device.bundle import Bundle
from device.tests import tiny
from host.errors import CollectError
from host.packaging.decoders import (
    read_decoders,
    read_samples,
    samples_path,
    write_decoders,
    write_samples,
)

FILES = {"own": b"decoder", "tuned": b"a better decoder", "full": b"both halves"}


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return tiny.write(tmp_path / "bundles" / "tiny")


@pytest.fixture
def build(tmp_path: Path) -> Path:
    return tmp_path / "build"


def refusal(call: object, *arguments: object) -> str:
    with pytest.raises(CollectError) as caught:
        call(*arguments)  # type: ignore[operator]
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_decoders_are_read_back_by_their_tag(bundle: Bundle, build: Path) -> None:
    write_decoders(build, bundle, "int8", FILES, tiny.tables())
    found = read_decoders(build, "tiny", bundle.variant("int8").codec_tag)
    assert {name: found.read(name) for name in FILES} == FILES
    assert (found.names, found.grid) == (["own", "tuned"], tiny.GRID)
    assert found.tables().sha256 == bundle.read_tables().sha256
    assert found.value["encoder_bytes"] == bundle.variant("int8").encoder_bytes
    assert found.value["image"] == {"height": 8, "width": 8, "channels": 3}
    assert (found.value["variant"], found.value["output_dtype"]) == ("int8", "int8")


def test_a_variant_without_a_tuned_decoder_has_one_name(bundle: Bundle, build: Path) -> None:
    files = {name: FILES[name] for name in ("own", "full")}
    assert write_decoders(build, bundle, "float32", files, tiny.tables()).names == ["own"]


def test_a_tag_that_is_not_there_lists_those_that_are(bundle: Bundle, build: Path) -> None:
    for variant in ("int8", "float32"):
        write_decoders(build, bundle, variant, FILES, tiny.tables())
    there = ", ".join(sorted(bundle.variant(variant).codec_tag for variant in ("int8", "float32")))
    text = refusal(read_decoders, build, "tiny", "00000000")
    assert f"no decoder for codec tag 00000000 (here: {there})" in text and "export the tiny" in text
    assert "(here: none)" in refusal(read_decoders, build, "other", "00000000")


@pytest.mark.parametrize("name", list(FILES))
def test_a_missing_or_damaged_file_is_named(name: str, bundle: Bundle, build: Path) -> None:
    found = write_decoders(build, bundle, "int8", FILES, tiny.tables())
    path = found.folder / found.value["files"][name]["file"]
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    assert refusal(found.read, name).startswith(f"{path}: damaged")
    path.unlink()
    assert refusal(found.read, name).startswith(f"{path}: missing; export tiny again")


def test_decoders_of_a_newer_splitlite_are_refused(bundle: Bundle, build: Path) -> None:
    found = write_decoders(build, bundle, "int8", FILES, tiny.tables())
    path = found.folder / "decoders.json"
    path.write_text(json.dumps({**found.value, "format_version": 2}))
    text = refusal(read_decoders, build, "tiny", found.value["codec_tag"])
    assert text.startswith(f"{path}: decoders version 2 is newer than 1")


def test_another_tags_folder_is_left_as_it_is(bundle: Bundle, build: Path, tmp_path: Path) -> None:
    old = write_decoders(build, bundle, "int8", FILES, tiny.tables())
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in old.folder.iterdir()}
    tables = tiny.tables()
    tables[0, 128] -= 1
    tables[0, 0] += 1
    other = tiny.write(tmp_path / "bundles" / "tiny", tables=tables)
    new = write_decoders(build, other, "int8", {"own": b"new", "full": b"new"}, tables)
    assert new.folder != old.folder
    assert {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in old.folder.iterdir()} == before
    assert read_decoders(build, "tiny", old.value["codec_tag"]).read("own") == FILES["own"]


def test_later_decoders_serve_an_old_tag(bundle: Bundle, build: Path) -> None:
    first = write_decoders(build, bundle, "int8", FILES, tiny.tables())
    later = write_decoders(build, bundle, "int8", {**FILES, "tuned": b"better still"}, tiny.tables())
    assert first.folder == later.folder
    assert later.read("tuned") == b"better still"


def test_the_sample_images_are_kept_by_bundle(bundle: Bundle, build: Path, tmp_path: Path) -> None:
    other = tiny.write(tmp_path / "other" / "tiny", samples=tiny.samples(7))
    for each in (bundle, other):
        write_samples(build, each)
    np.testing.assert_array_equal(read_samples(build, "tiny", bundle.sha256), tiny.samples())
    assert len(read_samples(build, "tiny", other.sha256)) == 7
    text = refusal(read_samples, build, "tiny", "0" * 64)
    assert "not exported on this workstation" in text


def test_damaged_sample_images_are_named(bundle: Bundle, build: Path) -> None:
    write_samples(build, bundle)
    path = samples_path(build, "tiny", bundle.sha256)
    path.write_bytes(path.read_bytes()[:-10])
    assert str(path) in refusal(read_samples, build, "tiny", bundle.sha256)
