"""A tiny classifier of CIFAR-10's size, and its spec."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

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
