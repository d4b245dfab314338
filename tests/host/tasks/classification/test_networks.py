"""Spec to network: the head follows the classes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from host.errors import SpecError
from host.spec.model_folder import ModelFolder
from host.spec.types import Spec
from host.tasks.classification.networks import build, checked_classes, class_names, keep_classes

Parse = Callable[[Any], Spec]


def test_the_head_has_a_unit_for_each_class(spec_json: dict[str, Any], parsed: Parse) -> None:
    assert build(parsed(spec_json), 7).output_shape == (None, 7)


def test_one_word_makes_it_cifar100(spec_json: dict[str, Any], parsed: Parse) -> None:
    assert len(class_names(parsed(spec_json))) == 10
    spec_json["data"]["dataset"] = "cifar100"
    names = class_names(parsed(spec_json))
    assert len(names) == 100 and names[0] == "apple"


def test_features_must_be_a_vector(spec_json: dict[str, Any], parsed: Parse) -> None:
    del spec_json["classifier"][-1]
    with pytest.raises(SpecError, match=r"\$\.classifier: the features must be a vector, found shape \(15, 15, 8\)"):
        build(parsed(spec_json), 10)


def test_classes_that_training_found_are_kept(spec_json: dict[str, Any], parsed: Parse) -> None:
    spec_json["data"] = {"dataset": "folder", "path": "animals", "size": 32}
    spec = parsed(spec_json)
    spec.folder.mkdir(parents=True)
    keep_classes(ModelFolder(spec), ("cat", "dog"))
    assert class_names(spec) == ("cat", "dog")
    assert json.loads((spec.folder / "classes.json").read_text())["classes"] == ["cat", "dog"]


@pytest.mark.parametrize(("classes", "found"), [((), "no labels"), (("cat",), "only images of 'cat'")])
def test_one_class_is_no_choice(spec_json: dict[str, Any], parsed: Parse, classes: tuple[str, ...], found: str) -> None:
    with pytest.raises(SpecError, match=rf"\$\.data: cifar10 has {found}; a classifier needs two classes"):
        checked_classes(parsed(spec_json), classes)
