"""The stages of a classifier, by kind."""

from __future__ import annotations

from typing import Any

import numpy as np
import tf_keras as keras

from device.files import sha256_bytes
from host.data import DataSet
from host.data.split import calibration_indices
from host.errors import ModelError, SpecError
from host.networks.weights import load_weights, save_weights
from host.packaging.images import ModelImages, save_images
from host.quantization.aware import set_ranges
from host.spec.model_folder import ModelFolder
from host.spec.models import spec_file
from host.spec.parsing import parse_spec, read_spec
from host.spec.sections import SOURCE
from host.spec.types import StageSpec
from host.tasks.classification.networks import (
    aware,
    build,
    checked_classes,
    class_names,
    keep_classes,
    load_network,
    start,
)
from host.tasks.classification.spec import NETWORK, SECTIONS
from host.tasks.classification.work import classifier_work
from host.training.distributed import Session
from host.training.loop import fit
from host.training.stages import StageKind, started_from
from host.training.work import remade

SAMPLES = 64
_RANGES_FROM = 500  # images whose activations set the first ranges of quantization-aware training


def train_float(model: ModelFolder, data: DataSet, stage: StageSpec, session: Session) -> dict[str, Any]:
    """Trains in floating point: from the spec's start, or from another stage's weights.

    The stage that starts anew also keeps the classes, and the images that calibrate and that the device measures with.
    """
    spec = model.spec
    source = stage.options.get(SOURCE)
    if source is None:
        classes = _labelled(model, data)
        network = start(spec, len(classes), session.data_dir)
        if session.start_from is not None:
            load_weights(session.start_from, {NETWORK: network})
    else:
        network = load_network(model, source)
    teacher, taught_by = _teacher(model, stage)
    with session.scope():
        (trained,) = remade(lambda: [build(spec, network.output_shape[-1])], [network], spec, session)
        work = classifier_work(spec, stage, trained, data, seed=spec.training.seed, teacher=teacher)
        result = fit(work, stage, model.checkpoints / stage.name, session)
    network.set_weights(trained.get_weights())
    if source is None:
        keep_classes(model, classes)
        _keep_images(model, data)
    save_weights(model.weights(stage.name), {NETWORK: network}, half=spec.training.half_weights)
    return {**result, **taught_by, **started_from(session)}


def train_qat(model: ModelFolder, data: DataSet, stage: StageSpec, session: Session) -> dict[str, Any]:
    """Quantization-aware training from another stage's float weights."""
    spec = model.spec
    network = load_network(model, stage.options[SOURCE])
    quantized = aware(network)
    set_ranges(quantized, network, data.sample.array[:_RANGES_FROM] / np.float32(255))
    teacher, taught_by = _teacher(model, stage)
    work = classifier_work(spec, stage, quantized, data, seed=spec.training.seed + 1, teacher=teacher)
    result = fit(work, stage, model.checkpoints / stage.name, session)
    save_weights(model.weights(stage.name), {NETWORK: quantized}, half=spec.training.half_weights)
    return {**result, **taught_by}


STAGES = {"float": StageKind(train_float, shared=True), "qat": StageKind(train_qat)}


def _labelled(model: ModelFolder, data: DataSet) -> tuple[str, ...]:
    """The classes; raises SpecError where labels are missing or are none of them."""
    spec = model.spec
    classes = checked_classes(spec, data.classes)
    for name, split in (("training", data.train), ("validation", data.validation), ("test", data.test)):
        labels = split.labels
        if len(split) and labels is None:
            raise SpecError(f"{spec.file}: $.data: the {name} images have no labels; a classifier needs them")
        if labels is not None and len(labels) and not 0 <= labels.min() <= labels.max() < len(classes):
            wrong = int(labels[(labels < 0) | (labels >= len(classes))][0])
            raise SpecError(
                f"{spec.file}: $.data: a label of the {name} images is {wrong}, "
                f"the {len(classes)} classes are 0 to {len(classes) - 1}; mend the data set"
            )
    return classes


def _keep_images(model: ModelFolder, data: DataSet) -> None:
    spec = model.spec
    wanted = spec.quantization
    chosen = calibration_indices(
        data.sample, wanted.calibration_images, spec.training.seed, stratified=wanted.stratified
    )
    measured = data.test if len(data.test) else data.validation
    labels = measured.labels
    assert labels is not None
    some = calibration_indices(measured, min(SAMPLES, len(measured)), spec.training.seed, stratified=True)
    save_images(model, ModelImages(data.sample.array[chosen], measured.array[some], labels[some]))


def _teacher(model: ModelFolder, stage: StageSpec) -> tuple[keras.Model | None, dict[str, Any]]:
    """The trained network that a stage learns from, and what is recorded of it."""
    name = stage.options.get("teacher")
    if name is None:
        return None, {}
    spec = model.spec
    where = f"{spec.file}: $.training.stages.{stage.name}"
    file = spec_file(name, spec.folder.parent)
    other = parse_spec(read_spec(file), file, SECTIONS)
    taught = ModelFolder(other)
    chosen = stage.options["teacher_stage"]
    if chosen not in other.training.stages:
        raise SpecError(
            f"{where}.teacher_stage: {name} has no stage {chosen!r}; available: {', '.join(other.training.stages)}"
        )
    if class_names(other) != class_names(spec) or other.data.image_shape != spec.data.image_shape:
        raise SpecError(f"{where}.teacher: {name} has other images or classes; choose a model of the same data")
    if not taught.weights(chosen).is_file():
        raise ModelError(f"{where}.teacher: {name} is not trained; train it first: host train {name}")
    network = load_network(taught, chosen)
    digest = sha256_bytes(taught.weights(chosen).read_bytes())
    return network, {"taught_by": {"model": name, "stage": chosen, "sha256": digest}}
