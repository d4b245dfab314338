"""A vector as latent goes the whole way: trained, exported, encoded by the device's code, decoded from bitstreams."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from device.bundle import read_bundle
from device.pipeline import Pipeline
from device.stream import unpack
from host.api import export, train
from host.packaging.decoders import find_decoders
from host.packaging.export import read_record
from host.tasks import TASKS

SPEC = Path(__file__).parent / "dense.spec.json"


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """models/, bundles/ and build/ of the dense model."""
    folder = tmp_path_factory.mktemp("dense")
    (folder / "models" / "dense").mkdir(parents=True)
    shutil.copy(SPEC, folder / "models" / "dense" / "spec.json")
    train(folder / "models" / "dense", overrides={"latent.dims": 10, "training.stages.float.epochs": 2})
    export(folder / "models" / "dense", bundles=folder / "bundles", build=folder / "build")
    return folder


def test_overrides_and_parts_of_the_loss_are_recorded(exported: Path) -> None:
    record = json.loads((exported / "models" / "dense" / "training.json").read_text())
    assert record["overrides"] == {"latent.dims": 10, "training.stages.float.epochs": 2}
    history = record["stages"]["float"]["history"]
    assert len(history) == 2
    for row in history:
        assert set(row["parts"]) == set(row["validation_parts"]) == {"mse", "ssim_l1"}
        assert row["loss"] == pytest.approx(row["parts"]["mse"] + 0.1 * row["parts"]["ssim_l1"], rel=1e-4)
        assert -1 <= row["validation"]["ssim"] <= 1


def test_every_variants_bitstreams_decode_to_what_its_codes_say(exported: Path) -> None:
    bundle = read_bundle(exported / "bundles" / "dense")
    samples = bundle.read_samples()[:20]
    assert samples.shape == (20, 16, 16, 1)
    errors: dict[str, float] = {}
    for name, variant in bundle.variants.items():
        assert variant.output.grid.shape == (1, 1, 10)
        pipeline = Pipeline(bundle, name)
        decoders = TASKS["compression"].decoders(find_decoders(exported / "build", variant.tag))
        codes = [decoders.numbers(unpack(pipeline.encode(image))[1], 16, 16) for image in samples]
        np.testing.assert_array_equal(codes, [pipeline.numbers(image) for image in samples])
        for decoder in decoders.names:
            pictures = np.stack(decoders.restore(decoder, codes, [(16, 16)] * len(codes)))
            errors[f"{name} {decoder}"] = float(np.mean((pictures.astype(float) - samples) ** 2))
    assert set(errors) >= {"float32 own", "int8 own", "int8 tuned", "int8_qat own"}
    assert errors["float32 own"] < 0.8 * float(samples.var())
    assert max(errors.values()) < 1.3 * errors["float32 own"]


def test_a_variant_that_cannot_be_converted_is_left_out_with_its_reason(exported: Path) -> None:
    assert "int16x8" not in read_bundle(exported / "bundles" / "dense").variants
    assert "cannot be converted" in read_record(exported / "build", "dense").left_out["int16x8"]
