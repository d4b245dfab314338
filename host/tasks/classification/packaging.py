"""Every recipe of a classifier, converted and checked, in memory."""

from __future__ import annotations

import numpy as np
import tf_keras as keras

from device.errors import ModelLoadError
from device.inputs.fixed import Fixed
from device.outputs.scores import ScoresDescription
from host.data.kept_images import read_images
from host.errors import ExportError
from host.packaging.network_file import describe
from host.packaging.package import Package, VariantFile
from host.quantization.recipes import convert_network, recipes
from host.spec.model_folder import ModelFolder
from host.spec.types import RecipeSpec
from host.tasks.classification.networks import class_names, for_converter
from host.tasks.classification.spec import NETWORK


def package(model: ModelFolder) -> Package:
    """Converts every recipe whose stage is trained.

    Raises:
        ModelError: weights or images are missing.
    """
    spec = model.spec
    kept, classes = read_images(model), class_names(spec)
    variants: list[VariantFile] = []
    left_out: dict[str, str] = {}
    for name, recipe in recipes(spec).items():
        if not model.weights(recipe.weights).is_file():  # of a stage that is still to come
            left_out[name] = f"stage {recipe.weights} is not trained; host train {spec.name} --stage {recipe.weights}"
            continue
        try:
            network = convert(model, recipe, kept.calibration)
            tensor = describe(network).output
        except (ExportError, ModelLoadError) as error:  # no such kernel, or one that refuses; the others go on
            left_out[name] = f"cannot be converted to {recipe.conversion} ({error})"
            continue
        output = ScoresDescription(classes, tensor.dtype, tensor.scale, tensor.zero_point)
        variants.append(VariantFile(name, name, network, output, {}, {}))
    source = Fixed(*spec.data.image_shape)
    digests = spec.digest, model.digest()
    return Package(
        spec.name,
        spec.task,
        *digests,
        source,
        kept.samples,
        tuple(variants),
        left_out,
        labels=kept.labels,
        network=NETWORK,
    )


def convert(model: ModelFolder, recipe: RecipeSpec, calibration: np.ndarray) -> bytes:
    """Converts a recipe's weights for batch 1.

    Args:
        calibration: uint8 (count, height, width, channels).

    Raises:
        ExportError: the converter refuses an operation.
        ModelError: the weights are missing.
    """
    # Keras numbers layers as they come: only a cleared session gives a file the same names, so bytes.
    keras.backend.clear_session()
    trained = for_converter(model, recipe.weights)
    source = keras.Input(trained.input_shape[1:], batch_size=1, name="image")
    samples = calibration[: recipe.calibration_images or None] / np.float32(255)
    return convert_network(keras.Model(source, trained(source)), recipe, samples)
