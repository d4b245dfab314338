"""The published schema: current, open to every spec that is here, closed to broken ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from host.spec.models import TEMPLATES
from host.spec.schema import schema_text, spec_schema
from host.tasks import TASKS

ROOT = Path(__file__).resolve().parents[3]
SPECS = sorted([*ROOT.glob("models/*/spec.json"), *TEMPLATES.glob("*.json"), *ROOT.glob("tests/**/*.spec.json")])
SECTIONS = [task.sections for task in TASKS.values()]
VALIDATOR = jsonschema.Draft202012Validator(spec_schema(SECTIONS))


def test_the_published_schema_is_what_the_catalogue_makes() -> None:
    assert (ROOT / "models" / "spec.schema.json").read_text() == schema_text(SECTIONS), "stale: make schema"


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(spec_schema(SECTIONS))


@pytest.mark.parametrize("path", SPECS, ids=lambda path: str(path.relative_to(ROOT)))
def test_it_accepts_the_specs_that_are_here(path: Path) -> None:
    errors = [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(json.loads(path.read_text()))]
    assert errors == []


def stages(spec: Any) -> Any:
    return spec["training"]["stages"]


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("$", lambda s: s.update(colour=1)),
        ("$", lambda s: s.pop("decoder")),
        ("$.task", lambda s: s.update(task="detection")),
        ("$.encoder", lambda s: s.update(encoder=[])),
        ("$.encoder[1].layer", lambda s: s["encoder"][1].update(layer="Lambda")),
        ("$.encoder[1].filters", lambda s: s["encoder"][1].update(filters=0)),
        ("$.encoder[1].filters", lambda s: s["encoder"][1].update(filters="8")),
        ("$.encoder[1]", lambda s: s["encoder"][1].update(kernel=3)),
        ("$.encoder[1].padding", lambda s: s["encoder"][1].update(padding="sane")),
        ("$.encoder[1].kernel_size", lambda s: s["encoder"][1].update(kernel_size=[3, 3, 3])),
        ("$.encoder[1].initializer", lambda s: s["encoder"][1].update(initializer="wavelet")),
        ("$.training.stages.qat", lambda s: stages(s)["qat"].update(momentum=1)),
        ("$.training.stages.float.learning_rate", lambda s: stages(s)["float"].update(learning_rate=2)),
        ("$.training.stages", lambda s: stages(s).pop("tables")),
        ("$.training.stages.flaot", lambda s: stages(s).update(flaot={})),
        ("$.training.stages.again.epochs", lambda s: stages(s).update(again={"kind": "float", "epochs": 0})),
        ("$.training", lambda s: s["training"].update(float={})),
        ("$.data.path", lambda s: s["data"].update(path=[{"scale": 1}])),
        (
            "$.quantization.recipes.wide.layers.linear",
            lambda s: s["quantization"].update(recipes={"wide": {"layers": {"linear": "int32"}}}),
        ),
        ("$.quantization.recipes.wide", lambda s: s["quantization"].update(recipes={"wide": {"weights": "float"}})),
    ],
)
def test_it_refuses_broken_ones_where_they_are_broken(
    path: str, change: Callable[[Any], None], tiny: dict[str, Any]
) -> None:
    change(tiny)
    assert path in {error.json_path for error in VALIDATOR.iter_errors(tiny)}
