"""`--set`: what stands in for the spec's values, and what is trained then."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from host.errors import SpecError
from host.spec.overrides import overridden, parse_overrides
from host.tasks import open_spec


def test_values_are_json_and_a_text_where_they_are_none() -> None:
    texts = [
        "training.stages.qat.epochs=5",
        "data.flip=false",
        "training.loss=mae",
        '$.description="a=b"',
        "a.b=[1, 2]",
    ]
    assert parse_overrides(texts) == {
        "training.stages.qat.epochs": 5,
        "data.flip": False,
        "training.loss": "mae",
        "description": "a=b",
        "a.b": [1, 2],
    }


def test_short_paths_are_those_of_the_stage_float() -> None:
    assert parse_overrides(["training.epochs=5", "latent_dims=4"]) == {
        "training.stages.float.epochs": 5,
        "latent.dims": 4,
    }


@pytest.mark.parametrize("text", ["training.epochs", "=5", "training..epochs=5", "encoder[x].filters=1"])
def test_what_is_no_path_and_value_is_refused(text: str) -> None:
    with pytest.raises(SpecError, match=r"--set .*: expected PATH=VALUE; write it like training\.epochs=5$"):
        parse_overrides([text])


def test_the_spec_itself_is_left_alone_and_lists_are_reached(tiny: dict[str, Any]) -> None:
    before = json.dumps(tiny)
    found = overridden(tiny, {"encoder[1].filters": 9, "quantization.recipes.wide": {"a": 1}})
    assert found["encoder"][1]["filters"] == 9 and found["quantization"]["recipes"] == {"wide": {"a": 1}}
    assert json.dumps(tiny) == before


@pytest.mark.parametrize("path", ["encoder[9].filters", "description.text", "encoder.filters", "data[0]"])
def test_a_path_that_leads_nowhere_is_refused(path: str, tiny: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match="the spec has no such place"):
        overridden(tiny, {path: 1})


def test_what_was_trained_is_what_is_read_later(tiny: dict[str, Any], tmp_path: Path) -> None:
    folder = tmp_path / "m"
    folder.mkdir()
    (folder / "spec.json").write_text(json.dumps(tiny))
    plain = open_spec("m", tmp_path)[1]
    (folder / "training.json").write_text(json.dumps({"overrides": {"training.stages.float.epochs": 7}}))
    trained = open_spec("m", tmp_path)[1]
    assert (plain.training.stages["float"].epochs, trained.training.stages["float"].epochs) == (2, 7)
    tiny["training"]["stages"]["float"]["epochs"] = 7
    (folder / "spec.json").write_text(json.dumps(tiny))
    assert trained.digest == open_spec("m", tmp_path, {})[1].digest != plain.digest
