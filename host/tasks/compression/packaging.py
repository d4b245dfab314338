"""Every recipe of a model, converted and checked, in memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import tf_keras as keras

from device.outputs.codes import LatentGrid
from device.runtime import make_interpreter, tensor_infos
from host.errors import ExportError
from host.packaging.network_file import runtimes
from host.quantization.joining import join
from host.quantization.recipes import TUNED, Recipe, recipes
from host.spec.model_folder import ModelFolder
from host.tasks.compression.checks import check_decoder, check_encoder
from host.tasks.compression.halves import PARTS, Halves, convert, load_halves, tuned_decoder

_PARTIAL = "int16x8"  # the one conversion that lacks kernels of some operations


@dataclass(frozen=True)
class Converted:
    """`files`: variant -> "encoder", "own", "tuned" or "full" -> .tflite content; `compatibility`: the same keys."""

    grid: LatentGrid
    files: dict[str, dict[str, bytes]]
    compatibility: dict[str, dict[str, dict[str, str]]]


def convert_model(model: ModelFolder) -> Converted:
    """Converts every recipe's three parts and the tuned decoders.

    int16x8 is left out where an operation has no 16-bit kernel; `compatibility` then says why.

    Raises:
        ModelError: weights or images are missing.
        ExportError: two halves do not fit, an input is no plain image, no runtime at hand runs a file.
    """
    calibration, _ = model.images()
    images = calibration / np.float32(255)
    files: dict[str, dict[str, bytes]] = {}
    found: dict[str, dict[str, dict[str, str]]] = {}
    for variant, recipe in recipes(model.spec).items():
        chosen = images[: recipe.calibration_images or None]
        try:
            parts, halves = _convert_parts(model, recipe, chosen)
        except ExportError as error:
            if recipe.conversion != _PARTIAL:
                raise
            found[variant] = {"encoder": {"converter": f"left out: {error}"}}
            continue
        if variant in TUNED and model.weights(f"decoder.{variant}").is_file():
            keras.backend.clear_session()
            tuned = Halves(
                load_halves(model, "float").encoder, tuned_decoder(model, variant), halves.grid, quantized=False
            )
            parts["tuned"] = convert(tuned, "decoder", "float32", chosen)
        label = f"{model.spec.name} {variant}"
        found[variant] = {part: runtimes(data, f"{label} {part}") for part, data in parts.items()}
        check_encoder(f"{label} encoder", *tensor_infos(make_interpreter(parts["encoder"])), halves.grid)
        for part in ("own", "tuned"):
            if part in parts:
                check_decoder(f"{label} {part} decoder", tensor_infos(make_interpreter(parts[part]))[0], halves.grid)
        files[variant] = parts
    return Converted(halves.grid, files, found)


def _convert_parts(model: ModelFolder, recipe: Recipe, images: np.ndarray) -> tuple[dict[str, bytes], Halves]:
    parts: dict[str, bytes] = {}
    for part in PARTS:
        # Keras numbers layers as they come: only a cleared session gives a file the same names, so bytes.
        keras.backend.clear_session()
        halves = load_halves(model, recipe.weights)
        name = "own" if part == "decoder" else part
        if part == "full" and recipe.conversion == "int8":
            parts[name] = join(parts["encoder"], parts["own"])
        else:
            parts[name] = convert(halves, part, recipe.conversion, images)
    return parts, halves
