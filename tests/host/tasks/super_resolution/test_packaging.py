"""What calibrates the files of a network that enlarges images."""

from __future__ import annotations

import numpy as np
import pytest

from device.runtime import make_interpreter
from host.data.kept_images import read_images
from host.quantization.aware import activation_spans
from host.quantization.recipes import recipes
from host.spec.model_folder import ModelFolder
from host.spec.types import RecipeSpec
from host.tasks import open_spec
from host.tasks.super_resolution.networks import load_network
from host.tasks.super_resolution.packaging import convert
from host.tasks.super_resolution.work import patch_pairs

from .conftest import Trained  # type: ignore[import-not-found,unused-ignore]


def test_the_input_spans_black_to_white_and_hidden_layers_what_pictures_make(trained: Trained) -> None:
    model = ModelFolder(open_spec(trained.model)[1])
    calibration = read_images(model).calibration
    small, _ = patch_pairs(calibration, 2, 0)
    network = load_network(model, "float")
    plain = np.stack([np.full_like(small[0], value) for value in (0, 255)])
    spans = activation_spans(network, np.concatenate([small, plain]) / np.float32(255))
    tensors = make_interpreter(convert(model, recipes(model.spec)["int8"], calibration)).get_tensor_details()
    scales = {each["name"]: each["quantization"][0] for each in tensors if each["dtype"] == np.int8}
    (source,) = [scale for name, scale in scales.items() if name.startswith("serving_default")]
    assert source == pytest.approx(1 / 255, rel=1e-6)
    # The converter names a layer's output after its biases.
    (features,) = [scale for name, scale in scales.items() if "features/BiasAdd" in name and scale]
    assert 255 * features == pytest.approx(spans["features"][1], rel=1e-3)


def test_four_bit_weights_of_a_stage_that_quantizes_are_converted(trained: Trained) -> None:
    model = ModelFolder(open_spec(trained.model)[1])
    recipe = RecipeSpec("last", "int4_weights", 0)
    tensors = make_interpreter(convert(model, recipe, read_images(model).calibration)).get_tensor_details()
    assert any("residual" in each["name"] and each["quantization_parameters"]["scales"].size for each in tensors)
