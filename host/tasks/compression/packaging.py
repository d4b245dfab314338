"""Every recipe of a model, converted and checked, in memory."""

from __future__ import annotations

import numpy as np
import tf_keras as keras

from device.files import sha256_bytes
from device.inputs.fixed import Fixed
from device.outputs import TablesFile
from device.outputs.codes import CodesDescription, LatentGrid
from device.quantization import TensorInfo, same_grid
from host.data.kept_images import read_images
from host.errors import ExportError
from host.networks.builder import build
from host.networks.grid import on_grid
from host.networks.weights import load_weights
from host.packaging.bundle_writer import array_bytes
from host.packaging.network_file import describe, network_costs
from host.packaging.package import HomeNetwork, Package, VariantFile
from host.quantization.joining import join
from host.quantization.recipes import CONVERSIONS, DEFAULTS, recipes
from host.spec.model_folder import ModelFolder
from host.spec.types import RecipeSpec
from host.tasks.compression.halves import PARTS, Halves, convert, load_halves
from host.tasks.compression.model_files import TABLES, read_tables

_FILES = {"own": "decoder.tflite", "tuned": "decoder.tuned.tflite", "full": "full.tflite"}


def package(model: ModelFolder) -> Package:
    """Converts every recipe's three parts and the tuned decoders.

    Raises:
        ModelError: weights, tables or images are missing.
        ExportError: two halves do not fit.
    """
    spec = model.spec
    kept = read_images(model)
    images = kept.calibration / np.float32(255)
    tables = read_tables(model)
    travelling = {TABLES: array_bytes(tables.frequencies.astype("<u2"))}
    tables_file = TablesFile(TABLES, sha256_bytes(travelling[TABLES]), tables.sha256)
    variants: list[VariantFile] = []
    left_out: dict[str, str] = {}
    for name, recipe in recipes(spec).items():
        chosen = images[: recipe.calibration_images or None]
        try:
            files, halves = _convert_parts(model, recipe, chosen)
        except ExportError as error:  # an operation without such a kernel; the other variants do not need it
            left_out[name] = str(error)
            continue
        if model.weights(f"decoder.{name}").is_file():
            files["tuned"] = _convert_tuned(model, name, halves.grid, chosen)
        for decoder in ("own", "tuned"):
            if decoder in files:
                check_decoder(f"{spec.name} {name} {decoder} decoder", describe(files[decoder]).input, halves.grid)
        home = {key: _home(_FILES[key], files[key]) for key in _FILES if key in files}
        output = CodesDescription(halves.grid, tables_file)
        variants.append(VariantFile(name, name, files["encoder"], output, travelling, home))
    source = Fixed(*spec.data.image_shape)
    digests = spec.digest, model.digest()
    return Package(spec.name, spec.task, *digests, source, kept.samples, tuple(variants), left_out)


def float_part(model: ModelFolder, part: str) -> tuple[keras.Model, str]:
    """The float network of a part, for any batch, and what its output is called."""
    keras.backend.clear_session()
    halves = load_halves(model, "float")
    if part != "full":
        return (halves.encoder, "latent") if part == "encoder" else (halves.decoder, "image")
    image = keras.Input(halves.encoder.input_shape[1:], name="image")
    return keras.Model(image, halves.decoder(on_grid(halves.encoder(image), halves.grid)), name="full"), "image"


def check_decoder(label: str, latent: TensorInfo, grid: LatentGrid) -> None:
    """Raises ExportError if a decoder's input is not the latent grid: equal for 8 bits, wide enough for 16."""
    if latent.dtype == "int8" and not same_grid(latent.scale, latent.zero_point, grid.scale, grid.zero_point):
        raise ExportError(
            f"{label}: latent input: scale {latent.scale:.9g}, zero point {latent.zero_point}; expected "
            f"{grid.scale:.9g} and {grid.zero_point}; encoder and decoder must share one grid"
        )
    if latent.dtype == "int16" and latent.scale * 32767 < 127 * grid.scale:
        raise ExportError(
            f"{label}: latent input: scale {latent.scale:g} reaches {latent.scale * 32767:g}, "
            f"the latent grid reaches {127 * grid.scale:g}; calibrate with latents that reach its ends"
        )
    if latent.shape != (1, *grid.shape):
        raise ExportError(f"{label}: latent input: shape {latent.shape}, expected {(1, *grid.shape)}")


def _convert_parts(model: ModelFolder, recipe: RecipeSpec, images: np.ndarray) -> tuple[dict[str, bytes], Halves]:
    parts: dict[str, bytes] = {}
    for part in PARTS:
        # Keras numbers layers as they come: only a cleared session gives a file the same names, so bytes.
        keras.backend.clear_session()
        halves = load_halves(model, recipe.weights)
        name = "own" if part == "decoder" else part
        if part == "full" and CONVERSIONS[recipe.conversion].activations == "int8":
            parts[name] = join(parts["encoder"], parts["own"])
        else:
            parts[name] = convert(halves, part, recipe, images)
    return parts, halves


def _convert_tuned(model: ModelFolder, variant: str, grid: LatentGrid, images: np.ndarray) -> bytes:
    keras.backend.clear_session()
    encoder, decoder = build(model.spec)
    load_weights(model.weights(f"decoder.{variant}"), {"decoder": decoder})
    return convert(Halves(encoder, decoder, grid, False), "decoder", DEFAULTS["float32"], images)


def _home(file: str, data: bytes) -> HomeNetwork:
    costs = network_costs(data)
    return HomeNetwork({file: data}, parameters=costs.parameters, macs=costs.macs)
