"""A trained model's two halves, and how a part of them becomes a .tflite file.

The latent has one grid per model. int8 encoders end on it by a range that calibration cannot move, and int8 decoders
begin on it; 0..1 at their output gives scale 1/255 and zero point -128, and clips for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import tf_keras as keras

from device.outputs.codes import LatentGrid
from host.errors import ExportError
from host.networks.builder import build
from host.networks.grid import grid_range, on_grid
from host.networks.weights import load_weights
from host.quantization.aware import leave_kernels, quantization_aware
from host.quantization.joining import join
from host.quantization.recipes import CONVERSIONS, Conversion, convert_network
from host.spec.model_folder import ModelFolder
from host.spec.types import RecipeSpec
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
    if quantized:
        leave_kernels(encoder)
        leave_kernels(decoder)
    return Halves(encoder, decoder, grid, quantized)


def aware_halves(encoder: keras.Model, decoder: keras.Model, grid: LatentGrid) -> tuple[keras.Model, keras.Model]:
    """The two halves with fake quantization, starting from their float weights; ranges are still to be set."""
    image, latent = (0.0, 1.0), grid_range(grid)
    return quantization_aware(encoder, image, latent), quantization_aware(decoder, latent, image)


def convert(halves: Halves, part: str, recipe: RecipeSpec, images: np.ndarray) -> bytes:
    """Converts one part for batch 1.

    Args:
        part: of PARTS.
        recipe: the weights that it names are those of the halves.
        images: float32 (count, height, width, channels), 0..1, representative; not read by float conversions.

    Raises:
        ExportError: the converter refuses an operation, as it does where that has no 16-bit kernel.
    """
    chosen = CONVERSIONS[recipe.conversion]
    if part == "full" and chosen.activations == "int8":
        return join(*(convert(halves, half, recipe, images) for half in ("encoder", "decoder")))
    network = _batch_of_one(halves, part, chosen)
    image, latent = (0.0, 1.0), grid_range(halves.grid)
    source, output = (latent, image) if part == "decoder" else (image, image if part == "full" else latent)
    samples = None if chosen.activations == "float32" else _representative(halves, part, images)
    try:
        return convert_network(network, recipe, samples, source, None if halves.quantized else output)
    except ExportError as error:
        raise ExportError(f"{part}: cannot be converted to {recipe.conversion} ({error})") from error


def _batch_of_one(halves: Halves, part: str, conversion: Conversion) -> keras.Model:
    first = halves.decoder if part == "decoder" else halves.encoder
    source = keras.Input(first.input_shape[1:], batch_size=1, name="latent" if part == "decoder" else "image")
    made = first(source)
    if part == "full":
        # ROUND has no 16-bit kernel: the full model with 16-bit activations keeps its 16-bit latent.
        made = halves.decoder(made if conversion.activations == "int16" else on_grid(made, halves.grid))
    return keras.Model(source, made)


def _representative(halves: Halves, part: str, images: np.ndarray) -> np.ndarray:
    """What the part reads: images, or their latents on the grid."""
    if part != "decoder":
        return images
    return on_grid(halves.encoder.predict(images, batch_size=100, verbose=0), halves.grid).numpy()
