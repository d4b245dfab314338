"""What export writes is what the device reads; what the device would refuse is refused, and nothing is written then."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from device.bundle import Bundle, read_bundle
from device.errors import BundleError
from device.outputs.codes import LatentGrid
from device.tests import tiny
from host.packaging.bundle_writer import EncoderFile, write_bundle


def encoder_file(variant: str) -> EncoderFile:
    encoder = tiny.encoder_file(variant)
    return EncoderFile(encoder.data, encoder.input, encoder.output, ("CONV_2D", "CONV_2D"), None)


def write(folder: Path, **changes: Any) -> Bundle:
    """A bundle of three variants; `changes` replace arguments of write_bundle."""
    arguments: dict[str, Any] = {
        "model": "tiny",
        "spec_sha256": "5" * 64,
        "model_sha256": "6" * 64,
        "image_shape": tiny.IMAGE_SHAPE,
        "grid": tiny.GRID,
        "tables": tiny.tables(),
        "samples": tiny.samples(),
        "encoders": {variant: encoder_file(variant) for variant in tiny.INPUTS},
    }
    return write_bundle(folder, **{**arguments, **changes})


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_device_reads_back_what_was_written(tmp_path: Path) -> None:
    written = write(tmp_path / "tiny", task="another")
    read = read_bundle(tmp_path / "tiny")
    assert read == written
    assert (read.model, read.task, read.coder_id) == ("tiny", "another", 0)
    assert (read.spec_sha256, read.model_sha256) == ("5" * 64, "6" * 64)
    assert (read.image_shape, read.grid) == (tiny.IMAGE_SHAPE, tiny.GRID)
    np.testing.assert_array_equal(read.read_samples(), tiny.samples())
    np.testing.assert_array_equal(read.read_tables().frequencies, tiny.tables())
    for name, variant in read.variants.items():
        given = encoder_file(name)
        assert read.read_encoder(name) == given.data
        assert (variant.input, variant.output, variant.ops) == (given.input, given.output, given.ops)


def test_every_key_is_one_that_the_devices_own_tests_write(tmp_path: Path) -> None:
    # These hold the reader to a bundle that they write by hand: both must be the same, byte for byte.
    write(tmp_path / "tiny")
    tiny.write(tmp_path / "by hand")
    assert contents(tmp_path / "tiny") == contents(tmp_path / "by hand")


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    write(tmp_path / "one")
    write(tmp_path / "other", encoders={name: encoder_file(name) for name in reversed(list(tiny.INPUTS))})
    assert contents(tmp_path / "one") == contents(tmp_path / "other")


def test_variants_that_are_no_more_leave_no_file(tmp_path: Path) -> None:
    write(tmp_path)
    write(tmp_path, encoders={"int8": encoder_file("int8")})
    assert [path.name for path in tmp_path.glob("*.tflite")] == ["int8.encoder.tflite"]


@pytest.mark.parametrize(
    "change",
    [
        {"tables": tiny.tables(3)},
        {"samples": tiny.samples().astype(np.float32)},
        {"samples": tiny.samples()[:, :4]},
        {"grid": LatentGrid(4, 4, 4, 1.0, 0)},
        {"grid": LatentGrid(2, 2, 4, 0.5, 0)},
        {"grid": LatentGrid(2, 2, 4, 1.0, 1)},
        {"image_shape": (8, 8, 1), "samples": tiny.samples()[..., :1]},
        {"encoders": {}},
        {"encoders": {"../int8": encoder_file("int8")}},
        {"model": "a/b"},
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_written(tmp_path: Path, change: dict[str, Any]) -> None:
    with pytest.raises(BundleError):
        write(tmp_path / "tiny", **change)
    assert not (tmp_path / "tiny").exists()


def test_counts_are_read_back_and_may_be_absent(tmp_path: Path) -> None:
    counted = replace(encoder_file("int8"), parameters=516, macs=4608)
    read = write(tmp_path / "counted", encoders={"int8": counted, "float32": encoder_file("float32")})
    assert (read.variant("int8").parameters, read.variant("int8").macs) == (516, 4608)
    assert (read.variant("float32").parameters, read.variant("float32").macs) == (None, None)
    variants = json.loads((tmp_path / "counted" / "bundle.json").read_bytes())["variants"]
    assert "macs" not in variants["float32"]["encoder"]
    # They say nothing about the codes, so they change no codec tag.
    assert read.variant("int8").codec_tag == write(tmp_path / "tiny").variant("int8").codec_tag
