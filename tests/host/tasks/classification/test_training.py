"""Short trainings on real photographs: a folder for each class, CIFAR-100, tensorflow-datasets; and bad labels."""

from __future__ import annotations

import hashlib
import json
import pickle
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from device.bundle import read_bundle
from device.errors import SplitliteError
from host import api
from host.data.official import CIFAR100, OFFICIAL
from host.tasks.classification.networks import class_names
from tests.host.tasks.classification.conftest import KINDS, SPEC

Overrides = dict[str, Any]


@pytest.fixture
def model(tmp_path: Path) -> Callable[..., Path]:
    """Writes the tiny spec, with one stage, for some data."""

    def make(**data: Any) -> Path:
        folder = tmp_path / "models" / "tiny"
        folder.mkdir(parents=True)
        spec = json.loads(json.dumps(SPEC))
        spec["data"] = {"validation": 40, **data}
        spec["training"]["stages"] = {"float": {"epochs": 2}}
        (folder / "spec.json").write_text(json.dumps(spec))
        return folder

    return make


@pytest.fixture
def photographs(real_data: Path) -> tuple[np.ndarray, np.ndarray]:
    """Of CIFAR-10: uint8 (500, 32, 32, 3) and their labels."""
    split = OFFICIAL["cifar10"].load(real_data)[0].part(0, 500)
    assert split.labels is not None
    return split.array, split.labels


def test_a_folder_for_each_class(trained: Any) -> None:
    record = json.loads((trained.model / "training.json").read_text())
    assert record["stages"]["float"]["epochs"] == 12
    assert json.loads((trained.model / "classes.json").read_text())["classes"] == list(KINDS)
    bundle = read_bundle(trained.bundles / "tiny")
    assert bundle.variant("int8").output.classes == KINDS
    labels = bundle.read_labels()
    assert labels is not None and np.bincount(labels).tolist() == [16] * 4


def test_cifar_100_is_one_word(
    photographs: tuple[np.ndarray, np.ndarray], model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images, _ = photographs
    folder, md5 = tmp_path / "data" / CIFAR100.folder, {}
    folder.mkdir(parents=True)
    for name, some in zip(CIFAR100.md5, (images[:400], images[400:]), strict=True):
        pixels = some.transpose(0, 3, 1, 2).reshape(len(some), -1)
        fine = {CIFAR100.labels.encode(): [number % 100 for number in range(len(some))]}
        content = pickle.dumps({b"data": pixels, **fine})
        (folder / name).write_bytes(content)
        md5[name] = hashlib.md5(content).hexdigest()
    monkeypatch.setitem(OFFICIAL, "cifar100", replace(CIFAR100, md5=md5))
    place = model(dataset="cifar10")
    folders = {"bundles": tmp_path / "bundles", "build": tmp_path / "build"}
    text = (place / "spec.json").read_text()
    (place / "spec.json").write_text(text.replace("cifar10", "cifar100"))
    api.train(place, data_dir=tmp_path / "data", verbose=0)
    assert not (place / "classes.json").exists()
    bundle = read_bundle(api.export(place, **folders))
    assert bundle.variant("int8").tensor.shape == (1, 100) and bundle.variant("int8").output.classes[99] == "worm"


def test_a_data_set_of_tensorflow_datasets(
    photographs: tuple[np.ndarray, np.ndarray], model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    images, labels = photographs

    def as_dataset(split: str, shuffle_files: bool) -> Any:
        some = slice(0, 400) if split == "train" else slice(400, 500)
        return tf.data.Dataset.from_tensor_slices({"image": images[some], "label": labels[some]})

    features = {"image": None, "label": SimpleNamespace(names=list("abcdefghij"))}
    info = SimpleNamespace(splits={"train": 400, "test": 100}, features=features)
    builder = SimpleNamespace(info=info, as_dataset=as_dataset, download_and_prepare=lambda: None)
    package = SimpleNamespace(builder=lambda name, data_dir: builder)
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", package)
    place = model(dataset="tfds:photographs", size=16)
    record = api.train(place, verbose=0)
    assert record["stages"]["float"]["epochs"] == 2
    assert json.loads((place / "classes.json").read_text())["classes"] == list("abcdefghij")
    # Without the data set at hand too.
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    from host.tasks import open_spec

    assert class_names(open_spec(place)[1]) == tuple("abcdefghij")


def refused(place: Path, **options: Any) -> str:
    with pytest.raises(SplitliteError) as caught:
        api.train(place, verbose=0, **options)
    assert "\n" not in str(caught.value)
    assert not list(place.glob("*.h5")) and not (place / "checkpoints").exists()  # before the first step
    return str(caught.value)


def test_a_class_folder_without_images_is_one_line(pictures: Path, model: Any, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(pictures, tmp_path / "pictures"))
    for file in (copy / "train" / "cat").iterdir():
        file.unlink()
    for file in (copy / "test" / "cat").iterdir():
        file.unlink()
    said = refused(model(dataset="folder", path=str(copy), size=32))
    assert said.endswith("$.data: no training image of the class 'cat'; add some, or remove the class's folder")


def test_one_class_only_is_one_line(pictures: Path, model: Any, tmp_path: Path) -> None:
    for split in ("train", "test"):
        shutil.copytree(pictures / split / "frog", tmp_path / "pictures" / split / "frog")
    said = refused(model(dataset="folder", path=str(tmp_path / "pictures"), size=32, validation=10))
    assert "$.data: folder has only images of 'frog'; a classifier needs two classes at least" in said


def test_images_without_labels_are_one_line(pictures: Path, model: Any) -> None:
    said = refused(model(dataset="folder", path=str(pictures / "train" / "frog"), size=32, validation=10))
    assert "$.data: folder has no labels; a classifier needs two classes at least: a folder of images needs" in said


def test_a_calibration_set_smaller_than_asked_is_one_line(pictures: Path, model: Any) -> None:
    said = refused(
        model(dataset="folder", path=str(pictures), size=32), overrides={"quantization.calibration_images": 1000}
    )
    assert said == "quantization.calibration_images: 1000 asked, there are 200 training images; lower it"


def test_a_label_outside_the_classes_is_one_line(pictures: Path, model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from host.training import stages

    load = stages.load

    def wrong(*arguments: Any) -> Any:
        data = load(*arguments)
        labels = data.train.labels.copy()
        labels[7] = 4
        return replace(data, train=replace(data.train, labels=labels))

    monkeypatch.setattr(stages, "load", wrong)
    said = refused(model(dataset="folder", path=str(pictures), size=32))
    assert said.endswith("$.data: a label of the training images is 4, the 4 classes are 0 to 3; mend the data set")
