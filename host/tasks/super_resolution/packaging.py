"""Every recipe of a super-resolution model, converted and checked, in memory."""

from __future__ import annotations

import numpy as np
import tf_keras as keras

from device.errors import ModelLoadError
from device.inputs.strips import Strips
from device.outputs.pixels import PixelsDescription
from host.data.kept_images import read_images
from host.errors import ExportError
from host.packaging.network_file import describe
from host.packaging.package import Package, VariantFile
from host.quantization.awareness import AWARE
from host.quantization.recipes import convert_network, recipes
from host.spec.model_folder import ModelFolder
from host.spec.types import RecipeSpec
from host.tasks.super_resolution.networks import build, halo, is_aware, load_network, spread, without_quantization
from host.tasks.super_resolution.pairs import large_luma, reduced
from host.tasks.super_resolution.spec import INSIDE, NETWORK
from host.tasks.super_resolution.work import patch_pairs

_RANGED = "int8"  # the conversion that takes the ranges that training found


def package(model: ModelFolder) -> Package:
    """Converts every recipe whose stage is trained.

    Raises:
        ModelError: weights or images are missing.
    """
    spec, kept = model.spec, read_images(model)
    factor = spec.options.factor
    variants: list[VariantFile] = []
    left_out: dict[str, str] = {}
    for name, recipe, inside in _jobs(model):
        if not model.weights(recipe.weights).is_file():  # of a stage that is still to come
            left_out[name] = f"stage {recipe.weights} is not trained; host train {spec.name} --stage {recipe.weights}"
            continue
        try:
            network = convert(model, recipe, kept.calibration, inside=inside)
            tensor = describe(network).output
        except (ExportError, ModelLoadError) as error:  # no such kernel, or one that refuses; the others go on
            left_out[name] = f"cannot be converted to {recipe.conversion} ({error})"
            continue
        output = PixelsDescription(factor, 1, tensor.dtype, tensor.scale, tensor.zero_point)
        variants.append(VariantFile(name, name, network, output, {}, {}))
    border = halo(spec, build(spec))
    return Package(
        spec.name,
        spec.task,
        spec.digest,
        model.digest(),
        Strips(1, border, border, 1),
        np.stack([reduced(large_luma(picture, factor), factor) for picture in kept.samples]),
        tuple(variants),
        left_out,
        originals=kept.samples,
        network=NETWORK,
    )


def _jobs(model: ModelFolder) -> list[tuple[str, RecipeSpec, bool]]:
    spec = model.spec
    found = [(name, recipe, False) for name, recipe in recipes(spec).items()]
    inside = spec.options.depth_to_space
    return found + [(f"{name}{INSIDE}", recipe, True) for name, recipe, _ in found if name in inside]


def convert(model: ModelFolder, recipe: RecipeSpec, calibration: np.ndarray, *, inside: bool = False) -> bytes:
    """Converts a recipe's weights for one image of the size that training draws.

    Args:
        calibration: uint8 (count, height, width, 3), patches.
        inside: the file spreads the pixels itself.

    Raises:
        ExportError: the converter refuses an operation.
        ModelError: the weights are missing.
    """
    # Keras numbers layers as they come: only a cleared session gives a file the same names, so bytes.
    keras.backend.clear_session()
    factor = model.spec.options.factor
    network = load_network(model, recipe.weights)
    if is_aware(model, recipe.weights):
        if recipe.conversion == _RANGED:
            AWARE[model.spec.training.stages[recipe.weights].kind].for_converter(network)
        else:
            # Other widths, and layers without any, have other ranges: calibration finds them anew.
            network = without_quantization(model, recipe.weights, settled=True)
    small, _ = patch_pairs(calibration[: recipe.calibration_images or None], factor, 0)
    source = keras.Input(small.shape[1:], batch_size=1, name="image")
    made = network(source)
    if inside:
        made = keras.layers.Lambda(lambda pixels: spread(pixels, factor), name="depth_to_space")(made)
    return convert_network(keras.Model(source, made), recipe, representative(small))


def representative(small: np.ndarray) -> np.ndarray:
    """What calibrates: small patches, one that is black and one that is white.

    Where a part of the input is passed on (Cropping2D), the input gets the range of that part, so black and white must
    stand inside a patch. They stand in patches of their own: an edge between them, sharper than those of pictures,
    would widen the ranges of hidden layers too.

    Args:
        small: uint8 (count, height, width, 1).

    Returns:
        float32 (count + 2, height, width, 1), 0..1.
    """
    plain = np.stack([np.full_like(small[0], value) for value in (0, 255)])
    return np.concatenate([small, plain]) / np.float32(255)
