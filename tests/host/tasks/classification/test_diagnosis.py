"""A classifier's network as a variant has it, beside the same weights in float32; batch normalization is merged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from host.data.kept_images import ModelImages, save_images
from host.networks.weights import save_weights
from host.quantization.aware import set_ranges
from host.quantization.diagnosis.diagnose import diagnose
from host.spec.model_folder import ModelFolder
from host.spec.types import Spec
from host.tasks import TASKS
from host.tasks.classification.networks import AWARE, NETWORK, build


@pytest.fixture
def model(spec_json: dict[str, Any], parsed: Callable[[Any], Spec]) -> ModelFolder:
    """With weights of either stage, untrained, and images."""
    found = ModelFolder(parsed(spec_json))
    found.folder.mkdir(parents=True)
    images = np.random.default_rng(1).integers(0, 256, (20, 32, 32, 3), np.uint8)
    save_images(found, ModelImages(images, images[:4], np.arange(4)))
    network = build(found.spec, 10)
    save_weights(found.weights("float"), {NETWORK: network})
    quantized = AWARE["qat"].make(network, {})
    set_ranges(quantized, network, images / np.float32(255))
    save_weights(found.weights("qat"), {NETWORK: quantized})
    return found


@pytest.mark.parametrize("variant", ["int8", "int8_qat"])
def test_every_layer_that_computes_is_measured(variant: str, model: ModelFolder) -> None:
    found = diagnose(TASKS["classification"], model, variant, 8)
    (network,) = found.networks
    assert network.network == NETWORK and found.images == 8
    assert {layer.layer for layer in network.layers} == {"first", "pool", "scores"}  # normal and relu are in first
    assert network.sqnr_db is not None and network.sqnr_db > 20
    assert network.sqnr_db == pytest.approx(network.expected_sqnr_db, abs=0.5)
