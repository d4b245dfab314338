"""A tiny classifier of CIFAR-10's size, and its spec."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from host.spec.parsing import parse_spec
from host.spec.types import Spec
from host.tasks import task_named

SPEC: dict[str, Any] = {
    "format_version": 1,
    "task": "classification",
    "data": {"dataset": "cifar10", "validation": 100},
    "classifier": [
        {"layer": "Conv2D", "name": "first", "filters": 8, "kernel_size": 3, "strides": 2, "use_bias": False},
        {"layer": "BatchNormalization", "name": "normal"},
        {"layer": "ReLU", "name": "relu"},
        {"layer": "GlobalAveragePooling2D", "name": "pool"},
    ],
    "training": {"batch_size": 32, "stages": {"float": {"epochs": 1}, "qat": {"epochs": 1}}},
    "quantization": {"calibration_images": 20, "stratified": True},
}


@pytest.fixture
def spec_json() -> dict[str, Any]:
    """A copy to change."""
    copied: dict[str, Any] = json.loads(json.dumps(SPEC))
    return copied


@pytest.fixture
def parsed(tmp_path: Path) -> Callable[[Any], Spec]:
    """Parses a spec as if it lay in models/tiny/spec.json."""
    file = tmp_path / "models" / "tiny" / "spec.json"
    return lambda value: parse_spec(value, file, task_named("classification").sections)


KINDS = ("airplane", "automobile", "cat", "frog")


@dataclass(frozen=True)
class Trained:
    """A small classifier of photographs, and where its bundle and decoders are."""

    pictures: Path
    model: Path
    bundles: Path
    build: Path

    @property
    def folders(self) -> dict[str, Path]:
        """Of `host.api`."""
        return {"bundles": self.bundles, "build": self.build}


@pytest.fixture(scope="session")
def pictures(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders train/ and test/ with a folder for each of four classes of CIFAR-10, 60 and 25 images in each."""
    from host.data.official import OFFICIAL

    folder = tmp_path_factory.mktemp("labelled") / "pictures"
    cifar = OFFICIAL["cifar10"]
    for split, name, count in zip(cifar.load(real_data), ("train", "test"), (60, 25), strict=True):
        for kind in KINDS:
            (folder / name / kind).mkdir(parents=True)
            chosen = np.flatnonzero(split.labels == cifar.classes.index(kind))[:count]
            for place in chosen:
                Image.fromarray(split.array[place]).save(folder / name / kind / f"{place}.png")
    return folder


@pytest.fixture(scope="session")
def trained(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """The tiny spec, trained on the pictures for some dozens of steps and exported."""
    from host import api

    folder = tmp_path_factory.mktemp("classifier")
    model = folder / "models" / "tiny"
    model.mkdir(parents=True)
    spec = json.loads(json.dumps(SPEC))
    spec["data"] = {"dataset": "folder", "path": str(pictures), "size": 32, "validation": 40}
    spec["classifier"][1]["momentum"] = 0.8  # its means follow within dozens of steps
    spec["training"]["stages"]["float"] = {"epochs": 12, "learning_rate": 0.02}
    spec["acceptance"] = {"size_ratio": 4.0, "accuracy_drop": 2.0}
    (model / "spec.json").write_text(json.dumps(spec))
    api.train(model, verbose=0)
    found = Trained(pictures, model, folder / "bundles", folder / "build")
    api.export(model, **found.folders)
    return found
