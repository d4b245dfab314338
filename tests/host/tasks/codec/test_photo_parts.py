"""What of a photo codec can be a file of its own: the encoder as it is packaged, and the decoder's graph."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import skimage.data

import device
from device.bundle import Bundle
from host.api import export_part
from host.errors import ExportError
from host.evaluation.reconstruct import open_deployed
from host.tasks import TASKS
from host.tasks.codec.networks import Codec

Exported = tuple[Codec, Bundle, Path]
CAT = np.ascontiguousarray(skimage.data.cat()[:60, 100:172])


def test_the_decoder_is_a_saved_model_of_its_layers_as_plain_operations(exported: Exported, tmp_path: Path) -> None:
    import tensorflow as tf

    codec, bundle, build = exported
    export_part(codec.spec.folder, "decoder", tmp_path / "decoder", format="saved_model")
    serve = tf.saved_model.load(tmp_path / "decoder").signatures["serving_default"]
    encoder = device.open_encoder(bundle.folder, quality=1)
    codes = encoder.numbers(CAT)[None].astype(np.float32)
    found = {quality: serve(codes=codes, quality=np.array([quality], np.int32))["image"][0] for quality in (0, 1)}
    pixels = np.rint(np.clip(found[1], 0, 1) * 255)
    expected = open_deployed(bundle.folder, TASKS, quality=1, build=build).reconstruct(CAT).image
    assert np.abs(pixels - expected).max() <= 1 and np.mean(pixels != expected) < 1e-3
    assert np.abs(found[0] - found[1]).max() > 0.01


def test_the_encoder_is_the_packaged_file(exported: Exported, tmp_path: Path) -> None:
    codec, bundle, build = exported
    folders = {"bundles": bundle.folder.parent, "build": build}
    export_part(codec.spec.folder, "encoder", tmp_path / "encoder.tflite", **folders)
    assert (tmp_path / "encoder.tflite").read_bytes() == bundle.read_file(
        bundle.variant("int8_q0").file, bundle.variant("int8_q0").sha256
    )
    # A variant's name with its quality gives the file with that quality's scale in it.
    export_part(codec.spec.folder, "encoder", tmp_path / "encoder.tflite", variant="int8_q1", **folders)
    assert (tmp_path / "encoder.tflite").read_bytes() == bundle.read_network("int8_q1")
    for part, form, words in (
        ("full", "tflite", "take --part encoder, or --part decoder --format saved_model"),
        ("decoder", "tflite", "take --part encoder, or --part decoder --format saved_model"),
        ("full", "saved_model", "available: --part encoder --format tflite, --part decoder --format saved_model"),
        ("decoder", "keras", "are no layers of Keras, as .keras needs; take --format saved_model"),
    ):
        output = tmp_path / f"part{'' if form == 'saved_model' else '.' + form}"
        with pytest.raises(ExportError, match=words):
            export_part(codec.spec.folder, part, output, format=form, **folders)
        assert not output.exists()
