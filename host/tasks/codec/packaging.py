"""A codec's encoder, converted once for all qualities, with the tables and decoders of each."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import tf_keras as keras

from device.files import json_bytes, sha256_bytes
from device.inputs.strips import Strips
from device.outputs import TablesFile
from device.outputs.context_codes import ContextCodesDescription
from device.outputs.context_codes.tables import ContextTables
from host.errors import ExportError
from host.networks.weights import load_weights, save_weights
from host.packaging.bundle_writer import array_bytes
from host.packaging.package import HomeNetwork, Package, VariantFile
from host.quantization.recipes import CONVERSIONS, DEFAULTS, recipes
from host.spec.model_folder import ModelFolder
from host.spec.parsing import read_spec
from host.spec.types import RecipeSpec, Spec
from host.tasks.codec.decoders import SPEC, WEIGHTS
from host.tasks.codec.int8 import block_grid, convert_encoder, step_offset
from host.tasks.codec.networks import build_codec
from host.tasks.codec.tables import EXPORTED_BLOCKS, TABLES, read_tables


def package(model: ModelFolder) -> Package:
    """Converts the encoder of every recipe; its qualities share the file, the decoders and nothing else.

    Raises:
        ModelError: weights, tables or samples are missing.
    """
    spec = model.spec
    tables, samples = read_tables(model), np.load(model.made("samples.npy", "tables"), allow_pickle=False)
    variants: list[VariantFile] = []
    left_out: dict[str, str] = {}
    for family, recipe in codec_recipes(spec).items():
        if CONVERSIONS[recipe.conversion].activations != "int8":
            left_out[family] = f"{recipe.conversion}: a codec's codes are int8; take a conversion with such activations"
            continue
        try:
            variants += _family(model, family, recipe, tables)
        except ExportError as error:
            left_out[family] = str(error)
    source = Strips(spec.options.grid.block, spec.options.grid.before, spec.options.grid.after, 3)
    digests = spec.digest, model.digest()
    return Package(spec.name, model.spec.task, *digests, source, samples, tuple(variants), left_out)


def codec_recipes(spec: Spec) -> dict[str, RecipeSpec]:
    """The one default variant, and what the spec adds."""
    return recipes(spec, {"int8": DEFAULTS["int8"]})


def float_part(model: ModelFolder, part: str) -> tuple[keras.Model, str]:
    """The decoder "own": codes as float32, and a quality, to the image; raises ExportError for other parts."""
    if part != "decoder":
        raise ExportError(
            f"{model.spec.name}: a codec for images of any size has no {part} in Keras; available: "
            "--part encoder --format tflite, --part decoder --format saved_model"
        )
    codec = build_codec(model.spec)
    load_weights(model.weights("float"), {"decoder": codec.decoder})
    return codec.decoder, "image"


def _family(model: ModelFolder, family: str, recipe: RecipeSpec, tables: list[ContextTables]) -> list[VariantFile]:
    spec = model.spec
    codec = build_codec(spec)
    load_weights(model.weights(recipe.weights), {"encoder": codec.encoder, "decoder": codec.decoder})
    encoder = convert_encoder(codec, *EXPORTED_BLOCKS, recipe)
    offset = step_offset(encoder)
    kept = {SPEC: json_bytes(read_spec(model.spec.file))}
    with tempfile.TemporaryDirectory() as scratch:
        save_weights(Path(scratch) / WEIGHTS, {"decoder": codec.decoder})
        home = {"own": HomeNetwork({WEIGHTS: (Path(scratch) / WEIGHTS).read_bytes(), **kept}, shared=True)}
    if model.weights(f"decoder.{family}").is_file():
        tuned = model.weights(f"decoder.{family}").read_bytes()
        home["tuned"] = HomeNetwork({WEIGHTS: tuned, **kept}, shared=True)
    variants = []
    for quality, each in enumerate(tables):
        file, content = TABLES.format(quality), array_bytes(each.vector)
        output = ContextCodesDescription(
            block_grid(spec, codec.channels, quality), TablesFile(file, sha256_bytes(content), each.sha256)
        )
        scale = offset, spec.options.steps[quality]
        name = f"{family}_q{quality}"
        variants.append(VariantFile(name, family, encoder, output, {file: content}, home, quality, scale))
    return variants
