"""What export writes is what the device reads; what the device would refuse is refused, and nothing is written then."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from device.bundle import read_bundle
from device.errors import BundleError, SplitliteError
from device.files import sha256_bytes
from device.inputs.fixed import Fixed
from device.inputs.strips import Strips
from device.outputs import TablesFile
from device.outputs.codes import CodesDescription, LatentGrid
from device.outputs.context_codes import ContextCodesDescription
from device.outputs.entropy import Tables
from device.outputs.scores import ScoresDescription
from device.pipeline import Pipeline
from device.tests import tiny
from device.tests.context_codes.tiny import context_tables
from host.packaging.bundle_writer import array_bytes, write_bundle
from host.packaging.package import Package, VariantFile


def codes(name: str, grid: LatentGrid = tiny.GRID, tables: np.ndarray = tiny.TABLES) -> VariantFile:
    content = array_bytes(tables)
    output = CodesDescription(grid, TablesFile("tables.npy", sha256_bytes(content), Tables(tables).sha256))
    return VariantFile(name, name, tiny.encoder_file(name).data, output, {"tables.npy": content}, {})


def package(**changes: Any) -> Package:
    """A package of three variants; `changes` replace its fields."""
    variants = tuple(codes(name) for name in tiny.INPUTS)
    made = Package("tiny", "compression", "5" * 64, "6" * 64, Fixed(*tiny.IMAGE_SHAPE), tiny.samples(), variants)
    return replace(made, **changes)


def blocks() -> Package:
    """A package of one network at two qualities, for images of any size."""
    tables, variants = context_tables(4), []
    for quality, step in enumerate(tiny.STEPS):
        content = array_bytes(tables.vector)
        file = TablesFile(f"tables.q{quality}.npy", sha256_bytes(content), tables.sha256)
        output = ContextCodesDescription(replace(tiny.BLOCKS, step=step), file)
        data, name = tiny.encoder_file("int8").data, f"int8_q{quality}"
        scale = tiny.SCALE_OFFSET, step
        variants.append(VariantFile(name, "int8", data, output, {file.file: content}, {}, quality, scale))
    return package(task="codec", input=Strips(4, 0, 0, 3), variants=tuple(variants))


def scores(**changes: Any) -> Package:
    """A package of a classifier, three variants, with labelled samples."""
    variants = []
    for name, tensor in tiny.SCORES.items():
        output = ScoresDescription(tiny.CLASSES, tensor.dtype, tensor.scale, tensor.zero_point)
        network = (tiny.DATA / f"scores.{name}.tflite").read_bytes()
        variants.append(VariantFile(name, name, network, output, {}, {}))
    made = package(task="classification", variants=tuple(variants), labels=tiny.LABELS)
    return replace(made, **changes)


WRITERS = {"codes": (package, tiny.write), "blocks": (blocks, tiny.write_blocks), "scores": (scores, tiny.write_scores)}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_device_reads_back_what_was_written(tmp_path: Path) -> None:
    written = write_bundle(tmp_path / "tiny", package(task="another"))
    read = read_bundle(tmp_path / "tiny")
    assert read == written
    assert (read.model, read.task, read.spec_sha256, read.model_sha256) == ("tiny", "another", "5" * 64, "6" * 64)
    assert read.input == Fixed(*tiny.IMAGE_SHAPE)
    np.testing.assert_array_equal(read.read_samples(), tiny.samples())
    for name, variant in read.variants.items():
        given = tiny.encoder_file(name)
        assert read.read_network(name) == given.data
        assert (variant.input.shape, variant.tensor.scale) == (given.input.shape, given.output.scale)
        assert variant.ops == ("CONV_2D", "CONV_2D")
        assert (variant.parameters, variant.macs) == (516, 16 * 8 * 27 + 4 * 4 * 72)
        assert Pipeline(read, name).encode(tiny.samples()[0])


@pytest.mark.parametrize("kind", WRITERS)
def test_every_key_is_one_that_the_devices_own_tests_write(tmp_path: Path, kind: str) -> None:
    # These hold the reader to a bundle that they write by hand: both must be the same but for what the file tells.
    make, write = WRITERS[kind]
    write_bundle(tmp_path / "tiny", make())
    write(tmp_path / "by hand")
    written, expected = contents(tmp_path / "tiny"), contents(tmp_path / "by hand")
    values = [json.loads(each.pop("bundle.json")) for each in (written, expected)]
    for value in values:
        for variant in value["variants"].values():
            for key in ("parameters", "macs", "min_runtime_version"):
                variant.pop(key, None)
            for key in ("input", "tensor"):
                del variant[key]["name"]
    assert written == expected
    assert values[0] == values[1]


def test_qualities_share_a_file_and_differ_in_four_bytes(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path, blocks())
    assert [path.name for path in tmp_path.glob("*.tflite")] == ["int8.encoder.tflite"]
    first, second = (bundle.read_network(name) for name in ("int8_q0", "int8_q1"))
    differing = [place for place, (a, b) in enumerate(zip(first, second, strict=True)) if a != b]
    assert set(differing) <= set(range(tiny.SCALE_OFFSET, tiny.SCALE_OFFSET + 4))
    image = np.zeros((13, 9, 3), np.uint8)
    assert Pipeline(bundle, "int8_q0").encode(image) != Pipeline(bundle, "int8_q1").encode(image)


def test_labels_travel_where_a_package_has_them(tmp_path: Path) -> None:
    labelled = write_bundle(tmp_path, scores())
    np.testing.assert_array_equal(labelled.read_labels(), tiny.LABELS)
    assert write_bundle(tmp_path, scores(labels=None)).read_labels() is None
    assert not (tmp_path / "labels.npy").exists()
    assert '"labels"' not in (tmp_path / "bundle.json").read_text()


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (tiny.LABELS + 1, "label 4 of sample 3 is outside the 4 classes"),
        (tiny.LABELS - 1, "label -1 of sample 0 is outside"),
        (tiny.LABELS[:-1], "one a sample"),
        (tiny.LABELS.astype(np.int32), "labels are int32"),
    ],
)
def test_labels_that_do_not_fit_are_refused(tmp_path: Path, labels: np.ndarray, words: str) -> None:
    with pytest.raises(BundleError, match=words):
        write_bundle(tmp_path / "tiny", scores(labels=labels))
    assert not (tmp_path / "tiny").exists()


def test_the_same_package_gives_the_same_bytes(tmp_path: Path) -> None:
    write_bundle(tmp_path / "one", package())
    write_bundle(tmp_path / "other", package(variants=tuple(reversed(package().variants))))
    assert contents(tmp_path / "one") == contents(tmp_path / "other")


def test_variants_that_are_no_more_leave_no_file(tmp_path: Path) -> None:
    write_bundle(tmp_path, package())
    write_bundle(tmp_path, package(variants=(codes("int8"),)))
    assert [path.name for path in tmp_path.glob("*.tflite")] == ["int8.encoder.tflite"]
    write_bundle(tmp_path, blocks())
    assert not (tmp_path / "tables.npy").exists()


@pytest.mark.parametrize(
    "change",
    [
        {"samples": tiny.samples().astype(np.float32)},
        {"samples": tiny.samples()[:, :4]},
        {"variants": ()},
        {"variants": (codes("int8", LatentGrid(4, 4, 4, 1.0, 0)),)},
        {"variants": (codes("int8", LatentGrid(2, 2, 4, 0.5, 0)),)},
        {"variants": (codes("int8", tables=tiny.tables(3)),)},
        {"variants": (codes("int8"), codes("float32", tables=tiny.tables()[:, ::-1].copy()))},
        {"variants": (replace(codes("int8"), files={}),)},
        {"variants": (replace(codes("int8"), network=bytes(500)),)},
        {"variants": (replace(codes("int8"), name="../int8", family="../int8"),)},
        {"variants": (replace(codes("int8"), name="int8_q1"),)},
        {"input": Fixed(8, 8, 1), "samples": tiny.samples()[..., :1]},
        {"input": Strips(4, 0, 0, 3)},
        {"model": "a/b"},
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_written(tmp_path: Path, change: dict[str, Any]) -> None:
    with pytest.raises(SplitliteError):
        write_bundle(tmp_path / "tiny", package(**change))
    assert not (tmp_path / "tiny").exists()
