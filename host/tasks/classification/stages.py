"""The stages of a classifier, by kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import tf_keras as keras

from device.files import read_json, write_json
from host.data import DataSet
from host.data.kept_images import ModelImages, save_images
from host.data.split import calibration_indices
from host.errors import ModelError, SpecError
from host.networks.layer_names import check_layers
from host.networks.shrinking import choose_channels, read_moments, shrunk
from host.networks.weights import load_weights, save_weights
from host.quantization.awareness import AWARE
from host.spec.model_folder import ModelFolder
from host.spec.sections import SOURCE
from host.spec.types import Spec, StageSpec
from host.tasks.classification.networks import (
    build,
    checked_classes,
    class_names,
    float_network,
    keep_channels,
    keep_classes,
    load_network,
    start,
)
from host.tasks.classification.spec import NETWORK
from host.tasks.classification.teacher import load_teacher
from host.tasks.classification.work import classifier_work
from host.training.distributed import Session
from host.training.loop import fit
from host.training.pruning import keeping_zeros, masking, prunable, pruned_gradually, take_pruned, zeros
from host.training.stages import StageKind, started_from
from host.training.work import Work, batch_count, remade

SAMPLES = 64
_SHRUNK_BY = 200  # images that tell what each channel is worth
_RANGES_FROM = 500  # images whose activations set the first ranges of quantization-aware training


def train_float(model: ModelFolder, data: DataSet, stage: StageSpec, session: Session) -> dict[str, Any]:
    """Trains in floating point: from the spec's start, or from another stage's weights.

    The stage that starts anew also keeps the classes, and the images that calibrate and that the device measures with.
    """
    spec = model.spec
    anew = SOURCE not in stage.options
    if anew:
        classes, images = _labelled(model, data), _images(spec, data)
        network = start(spec, len(classes), session.data_dir)
        if session.start_from is not None:
            load_weights(session.start_from, {NETWORK: network})
    else:
        classes, network = class_names(spec), _source(model, stage)
    check_layers(spec, {NETWORK: network})  # of later stages too: hours before these start
    teacher, taught_by = load_teacher(model, stage, classes)

    def make() -> list[keras.Model]:
        return [build(spec, len(classes)) if anew else float_network(model, stage.name)]

    with session.scope():
        (trained,) = remade(make, [network], spec, session)
        work = classifier_work(spec, stage, trained, data, seed=spec.training.seed, teacher=teacher)
        result = fit(_keeping_zeros(work, model, stage, trained), stage, model.checkpoints / stage.name, session)
    network.set_weights(trained.get_weights())
    if anew:
        keep_classes(model, classes)
        save_images(model, images)
    save_weights(model.weights(stage.name), {NETWORK: network}, half=spec.training.half_weights)
    return {**result, **taught_by, **started_from(session)}


def train_prune(model: ModelFolder, data: DataSet, stage: StageSpec, session: Session) -> dict[str, Any]:
    """Magnitude pruning: single weights become zero."""
    options = stage.options
    network = _source(model, stage)
    steps = stage.epochs * batch_count(stage, len(data.train), model.spec.training.batch_size)
    begin, end = (max(round(options[key] * steps), 1) for key in ("begin", "end"))
    layers = prunable(network)
    trained = pruned_gradually(network, layers, options["sparsity"], begin, end)
    result = _fitted(model, data, stage, session, trained, masking(trained))
    take_pruned(network, trained)
    save_weights(model.weights(stage.name), {NETWORK: network}, half=model.spec.training.half_weights)
    return {**result, "zeros": round(zeros(network, layers), 4)}


def train_shrink(model: ModelFolder, data: DataSet, stage: StageSpec, session: Session) -> dict[str, Any]:
    """Structured pruning: whole channels are removed, and what is left is trained further."""
    network = _source(model, stage)
    # Beside the checkpoints, which fit these channels alone: another machine may find others.
    chosen = model.checkpoints / f"{stage.name}.channels" / "kept.json"
    moments = read_moments(network, data.sample.array[:_SHRUNK_BY] / np.float32(255))
    begun = session.resume and (model.checkpoints / stage.name / "state.json").is_file()
    if not begun:
        chosen.parent.mkdir(parents=True, exist_ok=True)
        write_json(chosen, choose_channels(network, stage.options["share"], moments))
    kept = read_json(chosen, ModelError)
    smaller = shrunk(network, kept, moments)
    result = _fitted(model, data, stage, session, smaller)
    keep_channels(model, stage.name, kept)
    save_weights(model.weights(stage.name), {NETWORK: smaller}, half=model.spec.training.half_weights)
    return {**result, "parameters": {"before": network.count_params(), "after": smaller.count_params()}}


def train_aware(model: ModelFolder, data: DataSet, stage: StageSpec, session: Session) -> dict[str, Any]:
    """Quantization-aware training from another stage's float weights."""
    network, way = _source(model, stage), AWARE[stage.kind]
    check_layers(model.spec, {NETWORK: network})
    quantized = way.make(network, stage.options)
    way.set_ranges(quantized, network, data.sample.array[:_RANGES_FROM] / np.float32(255))
    result = _fitted(model, data, stage, session, quantized)
    save_weights(model.weights(stage.name), {NETWORK: quantized}, half=model.spec.training.half_weights)
    return result


STAGES = {
    "float": StageKind(train_float, shared=True),
    "prune": StageKind(train_prune),
    "shrink": StageKind(train_shrink),
    "qat": StageKind(train_aware),
    "fake_quant": StageKind(train_aware),
}


def _source(model: ModelFolder, stage: StageSpec) -> keras.Model:
    """The network that a stage starts from, with its weights; raises ModelError."""
    return load_network(model, stage.options[SOURCE])


def _fitted(
    model: ModelFolder,
    data: DataSet,
    stage: StageSpec,
    session: Session,
    network: keras.Model,
    after_step: Callable[[int], None] | None = None,
) -> dict[str, Any]:
    """Trains a network on one device; returns what training.json records."""
    teacher, taught_by = load_teacher(model, stage, class_names(model.spec))
    work = classifier_work(model.spec, stage, network, data, seed=model.spec.training.seed + 1, teacher=teacher)
    work = _keeping_zeros(work, model, stage, network) if after_step is None else replace(work, after_step=after_step)
    return {**fit(work, stage, model.checkpoints / stage.name, session), **taught_by}


def _keeping_zeros(work: Work, model: ModelFolder, stage: StageSpec, network: keras.Model) -> Work:
    """The work, after whose steps the weights that a stage before this one pruned are zero again."""
    stages = model.spec.training.stages
    pruned = any(stages[name].kind == "prune" for name in stage.after)
    return replace(work, after_step=keeping_zeros(network)) if pruned else work


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
    counts = np.bincount(data.train.labels, minlength=len(classes))  # type: ignore[arg-type]
    if not counts.all():
        name = classes[int(np.argmin(counts))]
        raise SpecError(
            f"{spec.file}: $.data: no training image of the class {name!r}; add some, or remove the class's folder"
        )
    return classes


def _images(spec: Spec, data: DataSet) -> ModelImages:
    """The images to keep; raises DataError where fewer than the spec asks for are there."""
    wanted = spec.quantization
    chosen = calibration_indices(
        data.sample, wanted.calibration_images, spec.training.seed, stratified=wanted.stratified
    )
    measured = data.test if len(data.test) else data.validation
    labels = measured.labels
    assert labels is not None
    some = calibration_indices(measured, min(SAMPLES, len(measured)), spec.training.seed, stratified=True)
    return ModelImages(data.sample.array[chosen], measured.array[some], labels[some])
