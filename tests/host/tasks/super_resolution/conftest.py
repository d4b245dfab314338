"""A tiny network that doubles pictures, and photographs to train it on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import skimage.data
from PIL import Image

from host.spec.parsing import parse_spec
from host.spec.types import Spec
from host.tasks import task_named

SPEC: dict[str, Any] = {
    "format_version": 1,
    "task": "super_resolution",
    "data": {"dataset": "folder", "path": "pictures", "size": 32, "fit": "whole", "validation": 1, "turn": True},
    "upscaling": {"factor": 2, "depth_to_space": ["int8"]},
    "upscaler": [
        {"layer": "Conv2D", "name": "features", "filters": 8, "kernel_size": 3, "activation": "relu"},
        {"layer": "Conv2D", "name": "residual", "filters": 4, "kernel_size": 3},
        {"layer": "Cropping2D", "name": "middle", "cropping": 2, "input": "image"},
        {"layer": "Concatenate", "name": "nearest", "input": ["middle", "middle", "middle", "middle"]},
        {"layer": "Add", "name": "sum", "input": ["residual", "nearest"]},
        {"layer": "ReLU", "name": "pixels", "max_value": 1.0},
    ],
    "training": {
        "batch_size": 16,
        "loss": "mse",
        "stages": {
            "float": {"epochs": 3, "steps": 40, "learning_rate": 0.003},
            "qat": {"epochs": 1, "steps": 20},
            "last": {"kind": "fake_quant", "layers": ["residual"], "epochs": 1, "steps": 20},
        },
    },
    "quantization": {
        "calibration_images": 20,
        "recipes": {
            "int8_last": {"weights": "last", "conversion": "mixed", "layers": {"*": "float32", "residual": "int8"}}
        },
    },
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
    return lambda value: parse_spec(value, file, task_named("super_resolution").sections)


@dataclass(frozen=True)
class Trained:
    """A small network that doubles photographs, and where its bundle is."""

    pictures: Path
    model: Path
    bundles: Path
    build: Path

    @property
    def folders(self) -> dict[str, Path]:
        """Of `host.api`."""
        return {"bundles": self.bundles, "build": self.build}


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """scikit-image's photographs: two to train on, one to test on, all cut to odd sizes."""
    folder = tmp_path_factory.mktemp("photographs") / "pictures"
    for name, places in {"train": ("astronaut", "coffee"), "test": ("cat",)}.items():
        (folder / name).mkdir(parents=True)
        for place in places:
            Image.fromarray(getattr(skimage.data, place)()[:151, :201, :3]).save(folder / name / f"{place}.png")
    return folder


@pytest.fixture(scope="session")
def doubler(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """The tiny spec, trained for some seconds and exported."""
    from host import api

    folder = tmp_path_factory.mktemp("doubler")
    model = folder / "models" / "tiny"
    model.mkdir(parents=True)
    spec = json.loads(json.dumps(SPEC))
    spec["data"]["path"] = str(pictures)
    (model / "spec.json").write_text(json.dumps(spec))
    api.train(model, verbose=0)
    found = Trained(pictures, model, folder / "bundles", folder / "build")
    api.export(model, **found.folders)
    return found


@pytest.fixture(scope="session")
def trained(doubler: Trained) -> Trained:
    """As the tests of all tasks name it."""
    return doubler
