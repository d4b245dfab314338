"""Recipes of a classifier, converted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from host.data.kept_images import ModelImages, save_images
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
