"""Distillation: what the loss is, what the teacher is, and which teachers are refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tf_keras as keras

from device.files import sha256_bytes, write_json
from host.data import DataSet
from host.data.split import Split
from host.errors import ModelError, SpecError
from host.networks.weights import save_weights
from host.spec.model_folder import ModelFolder
from host.spec.types import Spec
from host.tasks.classification.networks import class_names, stage_network
from host.tasks.classification.spec import NETWORK
from host.tasks.classification.stages import STAGES
from host.tasks.classification.teacher import load_teacher
from host.tasks.classification.work import classifier_work
from host.training.distributed import Session

Parse = Callable[[Any], Spec]
RNG = np.random.default_rng(0)


def split(count: int) -> Split:
    return Split(RNG.integers(0, 256, (count, 32, 32, 3), dtype=np.uint8), RNG.integers(0, 10, count))


DATA = DataSet(split(64), split(20), split(20), split(64), "")


def taught(spec_json: dict[str, Any], parsed: Parse, **options: Any) -> ModelFolder:
    """A model with a stage `distilled`, of the network of `spec_json`."""
    spec_json["training"]["stages"]["distilled"] = {"kind": "qat", "teacher": "large"} | options
    model = ModelFolder(parsed(spec_json))
    model.folder.mkdir(parents=True)
    return model


def teacher(tmp_path: Path, spec_json: dict[str, Any], *stages: str) -> ModelFolder:
    """The model `large`, a wider one, with random weights of some stages."""
    from host.tasks import open_spec

    folder = tmp_path / "models" / "large"
    folder.mkdir(parents=True, exist_ok=True)
    other = json.loads(json.dumps(spec_json))
    other["classifier"][0]["filters"] = 16
    other["training"]["stages"] = {"float": {}, "qat": {}}
    (folder / "spec.json").write_text(json.dumps(other))
    model = ModelFolder(open_spec(folder)[1])
    for stage in stages:
        save_weights(model.weights(stage), {NETWORK: stage_network(model, stage)})
    return model


def softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return np.asarray(powers / powers.sum(-1, keepdims=True))


def constant(scores: np.ndarray) -> keras.Model:
    """A network that gives these scores for any image."""
    image = keras.Input((32, 32, 3))
    zero = keras.layers.GlobalAveragePooling2D()(0.0 * image)
    head = keras.layers.Dense(10, kernel_initializer="zeros", bias_initializer=keras.initializers.Constant(scores))
    return keras.Model(image, head(zero))


def test_the_loss_is_that_of_the_paper(spec_json: dict[str, Any], parsed: Parse) -> None:
    options = {"teacher_weight": 0.7, "temperature": 3.0, "learning_rate": 1e-9}
    model = taught(spec_json, parsed, **options)
    own, its = RNG.normal(0, 3, 10), RNG.normal(0, 3, 10)
    stage = model.spec.training.stages["distilled"]
    work = classifier_work(model.spec, stage, constant(own), DATA, seed=1, teacher=constant(its))
    images, labels = DATA.train.array[:32], DATA.train.labels
    assert labels is not None
    found = {name: float(value) for name, value in work.step(images, labels[:32]).items()}
    entropy = -np.log(softmax(own))[labels[:32]].mean()
    wanted, softened = softmax(its / 3), softmax(own / 3)
    divergence = 9 * np.sum(wanted * np.log(wanted / softened))
    assert found == pytest.approx(
        {"loss": 0.3 * entropy + 0.7 * divergence, "labels": entropy, "teacher": divergence}, rel=1e-4
    )


def test_a_stage_learns_from_another_model(tmp_path: Path, spec_json: dict[str, Any], parsed: Parse) -> None:
    large = teacher(tmp_path, spec_json, "float", "qat")
    model = taught(spec_json, parsed, teacher_stage="qat", epochs=1)
    save_weights(model.weights("float"), {NETWORK: stage_network(model, "float")})
    found = STAGES["qat"].run(model, DATA, model.spec.training.stages["distilled"], Session())
    digest = sha256_bytes(large.weights("qat").read_bytes())
    assert found["taught_by"] == {"model": "large", "stage": "qat", "sha256": digest}
    assert found["history"][0]["parts"]["teacher"] > 0
    assert model.weights("distilled").is_file()


@pytest.mark.parametrize("stale", [None, ["cat", "dog"]])
def test_the_first_stage_learns_with_the_classes_of_its_images(
    stale: list[str] | None, tmp_path: Path, spec_json: dict[str, Any], parsed: Parse
) -> None:
    names = tuple("abcdefghij")
    spec_json["data"] = {"dataset": "folder", "path": "not-below-the-usual-folder", "size": 32}
    large = tmp_path / "models" / "large"
    own = json.loads(json.dumps(spec_json))
    own["training"]["stages"] = {"float": {"epochs": 1, "teacher": "large"}}
    model = ModelFolder(parsed(own))
    for folder, classes in ((large, names), (model.folder, stale)):
        folder.mkdir(parents=True)
        if classes:
            write_json(folder / "classes.json", {"format_version": 1, "classes": list(classes)})
    teacher(tmp_path, spec_json, "float")
    data = replace(DATA, classes=names)
    found = STAGES["float"].run(model, data, model.spec.training.stages["float"], Session())
    assert found["taught_by"]["model"] == "large"
    assert class_names(model.spec) == names


def test_a_teacher_must_be_trained(tmp_path: Path, spec_json: dict[str, Any], parsed: Parse) -> None:
    teacher(tmp_path, spec_json, "float")
    model = taught(spec_json, parsed, teacher_stage="qat")
    wanted = r"stages\.distilled\.teacher: large has no weights of its stage qat; make them with `host train large"
    with pytest.raises(ModelError, match=wanted):
        load_teacher(model, model.spec.training.stages["distilled"], class_names(model.spec))


@pytest.mark.parametrize(
    ("data", "stage", "wanted"),
    [
        ({"dataset": "cifar100"}, "float", r"teacher: large has 100 classes, this model has 10; choose"),
        ({"dataset": "mnist", "color": "rgb", "size": 32}, "float", r"the class '0' where this model has 'airplane'"),
        ({"size": 16}, "float", r"large reads images of shape \(16, 16, 3\), this model of \(32, 32, 3\)"),
        ({}, "missing", r"teacher_stage: large has no stage 'missing'; available: float, qat"),
    ],
)
def test_a_teacher_of_something_else_is_refused(
    tmp_path: Path, spec_json: dict[str, Any], parsed: Parse, data: dict[str, Any], stage: str, wanted: str
) -> None:
    model = taught(spec_json, parsed, teacher_stage=stage)
    spec_json["data"] |= data
    teacher(tmp_path, spec_json, "float")
    with pytest.raises(SpecError, match=wanted):
        load_teacher(model, model.spec.training.stages["distilled"], class_names(model.spec))


def test_a_teacher_that_is_no_model_is_refused(spec_json: dict[str, Any], parsed: Parse) -> None:
    model = taught(spec_json, parsed)
    with pytest.raises(
        SpecError, match=r"spec\.json: \$\.training\.stages\.distilled\.teacher: .*large.*: no such model"
    ):
        load_teacher(model, model.spec.training.stages["distilled"], class_names(model.spec))
