"""Both halves of a variant, as float32 and quantized, for `host diagnose`."""

from __future__ import annotations

import numpy as np
import tf_keras as keras

from host.data.kept_images import read_images
from host.networks.builder import build
from host.networks.grid import grid_range, on_grid
from host.quantization.aware import take_weights
from host.quantization.diagnosis.pair import NetworkPair, Pairs, integer_recipe, keras_layers
from host.quantization.recipes import DEFAULTS, recipes
from host.spec.model_folder import ModelFolder
from host.tasks.compression.halves import Halves, convert, load_halves


def pairs(model: ModelFolder, variant: str) -> Pairs:
    """See `host.tasks.task.Task`. The decoder reads what the float32 encoder makes, on the latent's grid."""
    recipe = integer_recipe(model.spec.name, recipes(model.spec), variant)
    images = read_images(model).calibration[: recipe.calibration_images or None] / np.float32(255)
    found = []
    for part in ("encoder", "decoder"):
        # As export does: only a cleared session gives both files the same names.
        keras.backend.clear_session()
        halves = load_halves(model, recipe.weights)
        quantized = convert(halves, part, recipe, images)
        keras.backend.clear_session()
        exact = _float32(model, recipe.weights)
        network = exact.encoder if part == "encoder" else exact.decoder
        inputs, ends = images, grid_range(exact.grid)
        if part == "decoder":
            inputs = on_grid(exact.encoder.predict(images, batch_size=100, verbose=0), exact.grid).numpy()
            ends = (0.0, 1.0)
        plain = convert(exact, part, DEFAULTS["float32"], images)
        found.append(NetworkPair(part, keras_layers(network), plain, quantized, inputs, ends))
    return Pairs(recipe, tuple(found), halves.quantized)


def _float32(model: ModelFolder, weights: str) -> Halves:
    """The halves of a stage, without fake quantization where that has it."""
    halves = load_halves(model, weights)
    if not halves.quantized:
        return halves
    encoder, decoder = build(model.spec)
    take_weights(encoder, halves.encoder)
    take_weights(decoder, halves.decoder)
    return Halves(encoder, decoder, halves.grid, False)
