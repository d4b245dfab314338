"""What the tests of studies share: a folder with one small model, and studies of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from host.study.study_file import Study, read_study
from host.study.trials import Trial, plan

SPEC = {
    "format_version": 1,
    "task": "compression",
    "description": "few large patches, so that a training takes a second",
    "data": {"dataset": "skimage", "size": 64, "validation": 32},
    "latent": {"scale": 0.015625},
    "encoder": [{"layer": "Conv2D", "name": "down", "filters": 4, "kernel_size": 8, "strides": 8}],
    "decoder": [{"layer": "Conv2DTranspose", "name": "up", "filters": 3, "kernel_size": 8, "strides": 8}],
    "training": {
        "loss": "mse",
        "batch_size": 32,
        "stages": {"float": {"epochs": 2, "learning_rate": 0.003}, "qat": {"epochs": 1}, "tables": {}},
    },
    "quantization": {
        "calibration_images": 20,
        "recipes": {"other_qat": {"weights": "qat", "conversion": "int8"}},
    },
}


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """The folder of models: `small`, which is not trained."""
    folder = tmp_path / "models"
    (folder / "small").mkdir(parents=True)
    (folder / "small" / "spec.json").write_text(json.dumps(SPEC))
    return folder


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a study's file; what is given stands in for its values, None leaves one out."""

    def write(**changed: Any) -> Path:
        value: dict[str, Any] = {"format_version": 1, "models": ["small"], "seeds": [1, 2], **changed}
        file = tmp_path / "mine.json"
        file.write_text(json.dumps({key: part for key, part in value.items() if part is not None}))
        return file

    return write


@pytest.fixture
def read(models: Path, write: Callable[..., Path]) -> Callable[..., Study]:
    """Writes and reads a study."""
    return lambda **changed: read_study(write(**changed), models)


@pytest.fixture
def planned(models: Path, tmp_path: Path, read: Callable[..., Study]) -> Callable[..., tuple[Trial, ...]]:
    """The trials of a study."""
    return lambda **changed: plan(read(**changed), models, tmp_path / "work")
