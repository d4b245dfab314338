"""A trained model's two halves, and how a part of them becomes a .tflite file.

The latent has one grid per model. int8 encoders end on it by fake quantization with a fixed range, so that calibration
cannot move it; the same on 0..1 at the decoder's output gives scale 1/255 and zero point -128, and clips for nothing.
At the inputs fake quantization would leave DEQUANTIZE and QUANTIZE behind: there the calibration data reach both ends.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras as keras

from device.outputs.codes import LatentGrid
from host.errors import ExportError
from host.networks.builder import build
from host.networks.grid import grid_range, on_grid
from host.networks.weights import load_weights
from host.quantization.aware import quantization_aware
from host.quantization.joining import join
from host.quantization.recipes import CONVERSIONS, Conversion
from host.spec.model_folder import ModelFolder
from host.tasks.compression.model_files import latent_grid

PARTS = ("encoder", "decoder", "full")


@dataclass(frozen=True)
class Halves:
    """What a recipe converts.

    Attributes:
        quantized: the networks are quantization-aware already: their ranges are in the graph.
    """

    encoder: keras.Model
    decoder: keras.Model
    grid: LatentGrid
    quantized: bool


def load_halves(model: ModelFolder, weights: str) -> Halves:
    """Encoder and decoder with their trained weights.

    Args:
        weights: the stage that trained them.

    Raises:
        ModelError: the weights file is missing or belongs to another network.
    """
    encoder, decoder = build(model.spec)
    grid = latent_grid(model, encoder.output_shape[1:])
    quantized = model.spec.training.stages[weights].kind == "qat"
    if quantized:
        encoder, decoder = aware_halves(encoder, decoder, grid)
    load_weights(model.weights(weights), {"encoder": encoder, "decoder": decoder})
    return Halves(encoder, decoder, grid, quantized)


def aware_halves(encoder: keras.Model, decoder: keras.Model, grid: LatentGrid) -> tuple[keras.Model, keras.Model]:
    """The two halves with fake quantization, starting from their float weights; ranges are still to be set."""
    image, latent = (0.0, 1.0), grid_range(grid)
    return quantization_aware(encoder, image, latent), quantization_aware(decoder, latent, image)


def convert(halves: Halves, part: str, conversion: str, images: np.ndarray) -> bytes:
    """Converts one part for batch 1.

    Args:
        part: of PARTS.
        conversion: a key of CONVERSIONS.
        images: float32 (count, height, width, channels), 0..1, representative; not read by float conversions.

    Raises:
        ExportError: the converter refuses an operation, as it does where that has no 16-bit kernel.
    """
    chosen = CONVERSIONS[conversion]
    if part == "full" and chosen.activations == "int8":
        return join(*(convert(halves, half, conversion, images) for half in ("encoder", "decoder")))
    network = _batch_of_one(halves, part, chosen)
    try:
        return chosen.converter(network, chosen, _representative(halves, part, chosen, images))
    except ExportError as error:
        raise ExportError(f"{part}: cannot be converted to {conversion} ({error})") from error


def _batch_of_one(halves: Halves, part: str, conversion: Conversion) -> keras.Model:
    first = halves.decoder if part == "decoder" else halves.encoder
    source = keras.Input(first.input_shape[1:], batch_size=1, name="latent" if part == "decoder" else "image")
    made = first(source)
    if part == "full":
        # ROUND has no 16-bit kernel: the full model with 16-bit activations keeps its 16-bit latent.
        made = halves.decoder(made if conversion.activations == "int16" else on_grid(made, halves.grid))
    elif conversion.activations == "int8" and not halves.quantized:
        ends = (0.0, 1.0) if part == "decoder" else grid_range(halves.grid)
        made = tf.quantization.fake_quant_with_min_max_args(made, *ends)
    return keras.Model(source, made)


def _representative(halves: Halves, part: str, conversion: Conversion, images: np.ndarray) -> Iterable[Any]:
    """Images or their latents, two values of the first moved to the range's ends, which fixes the input's scale."""
    if conversion.activations == "float32":
        return ()
    samples, ends = images.copy(), (0.0, 1.0)
    if part == "decoder":
        latents = halves.encoder.predict(images, batch_size=100, verbose=0)
        samples, ends = on_grid(latents, halves.grid).numpy(), grid_range(halves.grid)
    samples[0].flat[0], samples[0].flat[-1] = ends
    return samples
