"""Recipes of a classifier, converted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from device.bundle import read_bundle
from host import api
from host.data.kept_images import ModelImages, save_images
from host.errors import ExportError
from host.networks.weights import save_weights
from host.spec.model_folder import ModelFolder
from host.spec.types import Spec
from host.tasks.classification.networks import build
from host.tasks.classification.packaging import package
from host.tasks.classification.spec import NETWORK


def test_a_stage_that_is_not_trained_leaves_its_variants_out(
    spec_json: dict[str, Any], parsed: Callable[[Any], Spec]
) -> None:
    model = ModelFolder(parsed(spec_json))
    save_weights(model.weights("float"), {NETWORK: build(model.spec, 10)})
    images = np.random.default_rng(0).integers(0, 256, (20, 32, 32, 3), np.uint8)
    save_images(model, ModelImages(images, images[:4], np.arange(4)))
    made = package(model)
    assert [variant.name for variant in made.variants] == ["float32", "float16", "dynamic_range", "int8", "int16x8"]
    assert made.left_out == {"int8_qat": "stage qat is not trained; host train tiny --stage qat"}
    int8 = made.variants[3].output
    assert (len(int8.classes), int8.dtype, made.labels is not None) == (10, "int8", True)


def test_the_full_part_is_the_network_on_the_device(trained: Any, tmp_path: Path) -> None:
    bundle = read_bundle(trained.bundles / "tiny")
    for variant in ("int8", "float16"):
        api.export_part(trained.model, "full", tmp_path / "full.tflite", variant=variant, **trained.folders)
        assert (tmp_path / "full.tflite").read_bytes() == bundle.read_network(variant)
    with pytest.raises(ExportError, match="tiny: no decoder: the whole network runs on the device; take --part full"):
        api.export_part(trained.model, "decoder", tmp_path / "decoder.tflite", **trained.folders)
