"""The int8 encoders as the device runs them: tables and tuned decoders are fitted to the codes that they make."""

from __future__ import annotations

import numpy as np

from host.quantization.execution import TfliteEncoder
from host.quantization.recipes import TUNED, recipes
from host.spec.model_folder import ModelFolder
from host.tasks.compression.halves import convert, load_halves
from host.tasks.compression.model_files import read_images


def open_encoders(model: ModelFolder) -> dict[str, TfliteEncoder]:
    """The converted encoders of the variants that get a tuned decoder, by variant; those that the spec has."""
    calibration = read_images(model)[0] / np.float32(255)
    encoders = {}
    for variant, recipe in recipes(model.spec).items():
        if variant in TUNED:
            halves = load_halves(model, recipe.weights)
            content = convert(halves, "encoder", recipe.conversion, calibration)
            encoders[variant] = TfliteEncoder(content, halves.grid)
    return encoders
