"""build/<model>/<tag>/: what was written is read back, and another tag's folder is never touched."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from device.bundle import Bundle
from device.inputs.fixed import Fixed
from host.errors import CollectError
from host.packaging.bundle_writer import write_bundle
from host.packaging.decoders import (
    DecoderFolder,
    find_decoders,
    read_samples,
    samples_path,
    write_decoders,
    write_samples,
)
from host.packaging.package import HomeNetwork, Package
from tests.host.packaging.conftest import GRID, HOME, flat_tables

Maker = Callable[..., Package]
Write = Callable[..., tuple[Bundle, dict[str, DecoderFolder]]]


@pytest.fixture
def build(tmp_path: Path) -> Path:
    return tmp_path / "build"


@pytest.fixture
def write(make_package: Maker, tmp_path: Path, build: Path) -> Write:
    """Writes bundle and decoders of a package; gives the bundle, and the folders by variant."""

    def make(**changes: Any) -> tuple[Bundle, dict[str, DecoderFolder]]:
        package = make_package(**changes)
        bundle = write_bundle(tmp_path / "bundles" / "tiny", package)
        return bundle, {each.name: write_decoders(build, bundle, each) for each in package.variants}

    return make


def refusal(call: object, *arguments: object) -> str:
    with pytest.raises(CollectError) as caught:
        call(*arguments)  # type: ignore[operator]
    assert "\n" not in str(caught.value)
    return str(caught.value)


def files(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}


def test_decoders_are_read_back_by_their_tag(write: Write, build: Path) -> None:
    bundle, written = write()
    for variant, home in written.items():
        assert find_decoders(build, home.tag) == find_decoders(build, home.tag, "tiny") == home
        assert (home.variant, home.tag) == (variant, bundle.variant(variant).tag)
    home = written["int8"]
    assert {name: home.read(name) for name in HOME} == {
        name: next(iter(each.files.values())) for name, each in HOME.items()
    }
    assert (home.names, home.output.grid, home.input) == (("own", "tuned"), GRID, Fixed(8, 8, 3))
    assert (home.network_bytes, home.output_dtype) == (bundle.variant("int8").network_bytes, "int8")
    assert (home.networks["own"].parameters, home.networks["own"].macs) == (3, 12)
    assert home.sizes("own") == {"decoder_bytes": 7, "full_bytes": 11}
    assert home.sizes("tuned") == {"decoder_bytes": 16}
    assert written["float32"].output_dtype == "float32"
    assert home.output.read_tables(home.read_file).channels == 4


def test_a_variant_without_a_tuned_decoder_has_one_name(write: Write) -> None:
    _, written = write(home={"own": HOME["own"]})
    assert written["int8"].names == ("own",)


def test_a_tag_that_is_not_there_lists_those_that_are(write: Write, build: Path) -> None:
    _, written = write()
    there = ", ".join(sorted(home.tag for home in written.values()))
    text = refusal(find_decoders, build, "00000000", "tiny")
    assert f"no decoder for tag 00000000 (here: {there})" in text and "export the tiny" in text
    assert "(here: none)" in refusal(find_decoders, build, "00000000", "other")
    assert "(here: tiny)" in refusal(find_decoders, build, "00000000")


@pytest.mark.parametrize("name", list(HOME))
def test_a_missing_or_damaged_file_is_named(name: str, write: Write) -> None:
    home = write()[1]["int8"]
    path = home.folder / home.networks[name].file
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    assert refusal(home.read, name).startswith(f"{path}: damaged")
    path.unlink()
    assert refusal(home.read, name).startswith(f"{path}: missing; export tiny again")
    assert refusal(home.check).startswith(f"{path}: missing")


def test_decoders_of_a_newer_splitlite_are_refused(write: Write, build: Path) -> None:
    home = write()[1]["int8"]
    path = home.folder / "decoders.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format_version": 2}))
    assert refusal(find_decoders, build, home.tag).startswith(f"{path}: decoders version 2 is newer than 1")


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("tag", "../../x"),
        ("tag", "*"),
        ("tag", "0badcaff/.."),
        ("model", "../tiny"),
        ("model", "/tmp"),
        ("model", "**"),
        ("digest", "../" * 20),
        ("digest", "*" * 64),
    ],
)
def test_a_name_from_a_run_never_leaves_the_folder(name: str, wrong: str, write: Write, build: Path) -> None:
    write()
    given = {"tag": "00000000", "model": "tiny", "digest": "0" * 64, name: wrong}
    text = refusal(read_samples, build, given["model"], given["digest"]) if name == "digest" else ""
    text = text or refusal(find_decoders, build, given["tag"], given["model"])
    assert wrong in text and ("is no " in text or "cannot name a file" in text)


@pytest.mark.parametrize(("key", "value"), [("file", "../../secret"), ("folder", "../.."), ("files", {"/etc/x": "0"})])
def test_a_file_outside_its_folder_is_refused(key: str, value: object, write: Write, build: Path) -> None:
    home = write()[1]["int8"]
    content = json.loads((home.folder / "decoders.json").read_text())
    content["networks"]["own"][key] = value
    (home.folder / "decoders.json").write_text(json.dumps(content))
    assert "cannot name a file" in refusal(find_decoders, build, home.tag)


def test_another_tags_folder_is_left_as_it_is(write: Write, build: Path) -> None:
    old = write()[1]["int8"]
    before = files(old.folder)
    new = write(tables=flat_tables(127), home={"own": HomeNetwork({"decoder.tflite": b"new"})})[1]["int8"]
    assert new.folder != old.folder
    assert files(old.folder) == before
    assert find_decoders(build, old.tag).read("own") == b"decoder"


def test_later_decoders_join_a_tag_and_none_is_lost(write: Write) -> None:
    better = HomeNetwork({"decoder.tuned.tflite": b"better still"})
    first = write(home={"own": HOME["own"]})[1]["int8"]
    later = write(home={**HOME, "tuned": better})[1]["int8"]
    assert first.folder == later.folder and later.read("tuned") == b"better still"
    without = write(home={"own": HOME["own"]})[1]["int8"]
    assert without.names == ("own", "tuned") and without.read("tuned") == b"better still"
    (without.folder / "decoder.tuned.tflite").write_bytes(b"damaged")
    assert write(home={"own": HOME["own"]})[1]["int8"].names == ("own",)


def test_tags_share_a_network_beside_them(write: Write, build: Path) -> None:
    shared = HomeNetwork({"weights.h5": b"weights", "spec.json": b"{}"}, shared=True)
    _, written = write(home={"own": shared})
    assert len({home.path("own") for home in written.values()}) == 1
    home = written["int8"]
    assert home.path("own").parent == build / "tiny" / "networks"
    assert (home.read("own"), home.read("own", "spec.json"), home.sizes("own")) == (
        b"weights",
        b"{}",
        {"decoder_bytes": 7},
    )
    # Another spec for the same weights is another network: the old one stays.
    other = replace(shared, files={**shared.files, "spec.json": b"[]"})
    assert write(home={"own": other})[1]["int8"].path("own") != home.path("own")
    home.check()


def test_the_sample_images_and_their_labels_are_kept_by_bundle(make_package: Maker, write: Write, build: Path) -> None:
    one, _ = write()
    write_samples(build, one, make_package())
    found = read_samples(build, "tiny", one.sha256)
    np.testing.assert_array_equal(found.images, one.read_samples())
    assert found.labels is None
    samples = {"samples": np.zeros((7, 8, 8, 3), np.uint8)}
    other, _ = write(**samples)
    write_samples(build, other, replace(make_package(**samples), labels=np.arange(7)))
    assert read_samples(build, "tiny", other.sha256).labels.tolist() == list(range(7))
    assert len(read_samples(build, "tiny", one.sha256)) == 5
    assert "not exported on this workstation" in refusal(read_samples, build, "tiny", "0" * 64)


def test_what_samples_were_made_of_is_kept_in_their_place(make_package: Maker, write: Write, build: Path) -> None:
    bundle, _ = write()
    originals = np.arange(5 * 16 * 16 * 3, dtype=np.uint8).reshape(5, 16, 16, 3)
    write_samples(build, bundle, replace(make_package(), originals=originals))
    np.testing.assert_array_equal(read_samples(build, "tiny", bundle.sha256).images, originals)


def test_damaged_sample_images_are_named(make_package: Maker, write: Write, build: Path) -> None:
    bundle, _ = write()
    write_samples(build, bundle, make_package())
    path = samples_path(build, "tiny", bundle.sha256)
    path.write_bytes(path.read_bytes()[:-10])
    assert str(path) in refusal(read_samples, build, "tiny", bundle.sha256)
