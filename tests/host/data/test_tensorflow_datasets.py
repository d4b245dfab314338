"""tensorflow-datasets by name: without the package a line says how to get it; with it, images of one size."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from host.data import load
from host.errors import DataError
from host.spec.types import DataSpec

SPEC = DataSpec("tfds:stl10", 16, 2)


class Builder:
    """As much of a tfds builder as is used: pictures of several sizes."""

    def __init__(self, splits: dict[str, int], features: tuple[str, ...]) -> None:
        self.counts = splits
        self.info = SimpleNamespace(splits=splits, features=self.features(features))

    @staticmethod
    def features(names: tuple[str, ...]) -> dict[str, Any]:
        return {name: SimpleNamespace(names=["plane", "bird"]) if name == "label" else None for name in names}

    def download_and_prepare(self) -> None:
        pass

    def as_dataset(self, split: str, shuffle_files: bool) -> Any:
        count = self.counts[split.split("[")[0]]
        if "[" in split:
            count = count // 10 if split.endswith("90%:]") else count - count // 10
        images = [np.full((20 + n, 24, 3), n, np.uint8) for n in range(count)]
        signature = {"image": tf.TensorSpec((None, None, 3), tf.uint8), "label": tf.TensorSpec((), tf.int64)}
        entries = [{"image": image, "label": number % 2} for number, image in enumerate(images)]
        found = tf.data.Dataset.from_generator(lambda: iter(entries), output_signature=signature)
        return found.apply(tf.data.experimental.assert_cardinality(count))


def install(monkeypatch: pytest.MonkeyPatch, splits: dict[str, int], features: tuple[str, ...] = ("image",)) -> None:
    def builder(name: str, data_dir: Any) -> Builder:
        if name != "stl10":
            raise ValueError(f"no data set\n{name}")
        return Builder(splits, features)

    monkeypatch.setitem(sys.modules, "tensorflow_datasets", SimpleNamespace(builder=builder))


def test_without_the_package_the_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    with pytest.raises(DataError, match=r"^tfds:stl10: tensorflow-datasets is not installed; .* splitlite\[tfds\]$"):
        load(SPEC)


@pytest.mark.parametrize(("splits", "test"), [({"train": 10, "test": 4}, 4), ({"train": 20}, 2)])
def test_images_are_brought_to_the_specs_size(
    splits: dict[str, int], test: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, splits)
    images = load(SPEC)
    assert images.train.labels is None and images.test.array.shape == (test, 16, 16, 3)
    assert len(images.train) + len(images.validation) == splits["train"] - (test if "test" not in splits else 0)
    assert [int(image[0, 0, 0]) for image in images.train.array[:3]] == [0, 1, 2]


def test_labels_come_with_the_names_of_their_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, {"train": 6, "test": 3}, ("image", "label"))
    found = load(SPEC)
    assert found.classes == ("plane", "bird")
    assert (found.train.labels.tolist(), found.test.labels.tolist()) == ([0, 1, 0, 1], [0, 1, 0])


def test_what_has_no_images_or_is_unknown_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, {"train": 4}, ("audio", "label"))
    with pytest.raises(DataError, match="no images in it; its parts are audio, label"):
        load(SPEC)
    with pytest.raises(DataError, match="tfds:nosuch: cannot be loaded") as caught:
        load(DataSpec("tfds:nosuch", 16, 2))
    assert "\n" not in str(caught.value)
