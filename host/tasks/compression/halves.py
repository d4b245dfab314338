"""Trained networks of a model, ready to convert or to run."""

from __future__ import annotations

from dataclasses import dataclass

import tf_keras as keras

from device.quantization import LatentGrid
from host.networks.builder import build
from host.networks.weights import load_weights
from host.quantization.aware import quantization_aware
from host.spec.model_folder import ModelFolder


@dataclass(frozen=True)
class Halves:
    """What a recipe converts. `quantized`: already quantization-aware, its ranges are in the graph."""

    encoder: keras.Model
    decoder: keras.Model
    grid: LatentGrid
    quantized: bool


def load_halves(model: ModelFolder, weights: str) -> Halves:
    """Encoder and decoder with their trained weights.

    Args:
        weights: `float` or `qat`.

    Raises:
        ModelError: the weights file is missing or belongs to another network.
    """
    encoder, decoder = build(model.spec)
    grid = model.grid(encoder.output_shape[1:])
    if weights == "qat":
        encoder, decoder = quantization_aware(encoder, decoder, grid)
    load_weights(model.weights(weights), {"encoder": encoder, "decoder": decoder})
    return Halves(encoder, decoder, grid, quantized=weights == "qat")


def tuned_decoder(model: ModelFolder, variant: str) -> keras.Model:
    """The float decoder tuned on a variant's codes; raises ModelError where there is none."""
    _, decoder = build(model.spec)
    load_weights(model.weights(f"decoder.{variant}"), {"decoder": decoder})
    return decoder
