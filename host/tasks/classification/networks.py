"""Spec -> Keras: a classifier, whose head follows the data's classes; and the network that a stage left."""

from __future__ import annotations

from pathlib import Path

import tf_keras as keras

from device.files import read_json, write_json
from host.data import data_folder, load
from host.data.official import OFFICIAL
from host.errors import ModelError, SpecError
from host.networks.applications import pretrain
from host.networks.builder import apply_layers, make_layers
from host.networks.channels import Kept, narrowed
from host.networks.weights import load_weights
from host.quantization.awareness import AWARE
from host.spec.model_folder import ModelFolder
from host.spec.types import Spec
from host.tasks.classification.spec import NETWORK

HEAD = "scores"
_CLASSES = "classes.json"


def build(spec: Spec, classes: int) -> keras.Model:
    """Image float32 (batch, height, width, channels), 0..1 -> scores float32 (batch, classes), with random weights.

    The head, one unit a class and no softmax, is added to the spec's layers.

    Raises:
        SpecError: Keras refuses a layer, or the layers end on something else than a vector of features.
    """
    keras.utils.set_random_seed(spec.training.seed)
    image = keras.Input(spec.data.image_shape, name="image")
    features = apply_layers(spec, NETWORK, {"image": image}, make_layers)
    if len(features.shape) != 2:
        raise SpecError(
            f"{spec.file}: $.{NETWORK}: the features must be a vector, found shape {tuple(features.shape[1:])}; "
            "end with GlobalAveragePooling2D or Flatten"
        )
    return keras.Model(image, keras.layers.Dense(classes, name=HEAD)(features), name=NETWORK)


def start(spec: Spec, classes: int, folder: Path | None) -> keras.Model:
    """What training starts from: `build`, with the pretrained weights that the spec names.

    Args:
        folder: of data sets, with files of weights.
    """
    network = build(spec, classes)
    pretrain(spec, NETWORK, network, folder)
    return network


def class_names(spec: Spec) -> tuple[str, ...]:
    """The classes of a model: those of a known data set, those that training found, or what the data set says.

    Raises:
        DataError: there is no such data set here.
        SpecError: it has no labels, or labels of one class only.
    """
    official = OFFICIAL.get(spec.data.dataset)
    kept = spec.folder / _CLASSES
    if official is not None:
        return official.classes
    if kept.is_file():
        return tuple(read_json(kept, ModelError)["classes"])
    return checked_classes(spec, load(spec.data, data_folder(None)).classes)


def checked_classes(spec: Spec, classes: tuple[str, ...]) -> tuple[str, ...]:
    """Raises SpecError for fewer than two."""
    if len(classes) < 2:
        found = f"only images of {classes[0]!r}" if classes else "no labels"
        raise SpecError(
            f"{spec.file}: $.data: {spec.data.dataset} has {found}; a classifier needs two classes at least: "
            "a folder of images needs a folder for each class"
        )
    return classes


def keep_classes(model: ModelFolder, classes: tuple[str, ...]) -> None:
    """Keeps the classes that the stage float found, where the spec does not tell them."""
    if model.spec.data.dataset in OFFICIAL:
        (model.folder / _CLASSES).unlink(missing_ok=True)
    else:
        write_json(model.folder / _CLASSES, {"format_version": 1, "classes": list(classes)})


def load_network(model: ModelFolder, stage: str) -> keras.Model:
    """The network that a stage left, with its weights.

    Raises:
        ModelError: the weights file is missing or belongs to another network.
    """
    network = stage_network(model, stage)
    load_weights(model.weights(stage), {NETWORK: network})
    return network


def stage_network(model: ModelFolder, stage: str) -> keras.Model:
    """The network of a stage, with weights that are still to be loaded or trained; raises ModelError."""
    network, options = float_network(model, stage), model.spec.training.stages[stage].options
    return AWARE[_kind(model, stage)].make(network, options) if is_aware(model, stage) else network


def _kind(model: ModelFolder, stage: str) -> str:
    return model.spec.training.stages[stage].kind


def float_network(model: ModelFolder, stage: str) -> keras.Model:
    """The network of a stage, without the fake quantization that it may have; its weights are random.

    Raises:
        ModelError: a stage before it, or itself, removes channels and is not trained, or was for another spec.
    """
    network = build(model.spec, len(class_names(model.spec)))
    for name in (*model.spec.training.stages[stage].after, stage):
        if _kind(model, name) == "shrink":
            kept = _channels_file(model, name)
            try:
                network = narrowed(network, read_json(model.made(kept.name, name), ModelError)["kept"])
            except (ValueError, TypeError, KeyError) as error:
                raise ModelError(
                    f"{kept}: channels of another network ({error}); train again: host train {model.spec.name} "
                    f"--stage {name}"
                ) from None
    return network


def is_aware(model: ModelFolder, stage: str) -> bool:
    """Whether a stage leaves a network whose ranges are in its graph."""
    return _kind(model, stage) in AWARE


def without_quantization(model: ModelFolder, stage: str) -> keras.Model:
    """The network that a stage left, with its weights, without the fake quantization that it may have.

    Raises:
        ModelError: the weights file is missing or belongs to another network.
    """
    network = load_network(model, stage)
    return AWARE[_kind(model, stage)].plain(float_network(model, stage), network) if is_aware(model, stage) else network


def for_converter(model: ModelFolder, stage: str) -> keras.Model:
    """The network that a stage left, as the converters take it; raises ModelError like `load_network`."""
    network = load_network(model, stage)
    if is_aware(model, stage):
        AWARE[_kind(model, stage)].for_converter(network)
    return network


def keep_channels(model: ModelFolder, stage: str, kept: Kept) -> None:
    """Keeps which channels a stage left, without which its weights fit no network."""
    write_json(_channels_file(model, stage), {"format_version": 1, "kept": kept})


def _channels_file(model: ModelFolder, stage: str) -> Path:
    return model.folder / f"{stage}.channels.json"
