"""A classifier as float32 and quantized, for `host diagnose`."""

from __future__ import annotations

import numpy as np
import tf_keras as keras

from host.data.kept_images import read_images
from host.quantization.diagnosis.pair import Pairs, integer_recipe, whole_pair
from host.quantization.recipes import recipes
from host.spec.model_folder import ModelFolder
from host.tasks.classification.networks import is_aware, without_quantization
from host.tasks.classification.packaging import convert
from host.tasks.classification.spec import NETWORK


def pairs(model: ModelFolder, variant: str) -> Pairs:
    """See `host.tasks.task.Task`."""
    spec = model.spec
    recipe = integer_recipe(spec.name, recipes(spec), variant)
    calibration = read_images(model).calibration
    quantized = convert(model, recipe, calibration)
    keras.backend.clear_session()
    network, aware = without_quantization(model, recipe.weights), is_aware(model, recipe.weights)
    found = whole_pair(NETWORK, network, quantized, calibration / np.float32(255))
    return Pairs(recipe, (found,), aware)
