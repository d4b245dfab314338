"""The spec of a codec: its errors name the place and the cure; the committed codecs are correct."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from host.errors import SpecError
from host.spec.models import list_models
from host.spec.types import Spec
from host.tasks import open_spec

Parse = Callable[[Any], Spec]


@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        (lambda s: s["latent"].update(halo=[2]), "$.latent.halo", "a list of 2 values"),
        (lambda s: s["latent"].update(dead_zone=0.5), "$.latent.dead_zone", "0.0 to 0.45"),
        (lambda s: s["training"].update(mixed_precision=True), "$.training.mixed_precision", "unknown key"),
        (lambda s: s["training"].update(half_weights=True), "$.training.half_weights", "unknown key"),
        (lambda s: s["data"].update(size=24), "$.data.size", "whole blocks of latent.block"),
        (lambda s: s["data"].update(color="grayscale"), "$.data.color", "rgb"),
        (lambda s: s["data"].update(fit="resize"), "$.data.fit", "available: whole"),
        (lambda s: s["data"].update(validation=[]), "$.data.validation", "at least one"),
        (lambda s: s["data"]["path"][0].update(scales=1), "$.data.path[0].scales", "did you mean scale"),
        (lambda s: s["qualities"].reverse(), "$.qualities", "falling steps"),
        (lambda s: s["qualities"][0].update(gain=1), "$.qualities[0].gain", "available: lmbda, step"),
        (lambda s: s["decoder"][0].update(input=["image", "quality"]), "$.decoder[0].input", "quality, codes"),
        (lambda s: s["encoder"][1].update(low="0"), "$.encoder[1].low", "expected int or float"),
        (lambda s: s["training"].update(loss="mse"), "$.training.loss", "unknown key"),
        (lambda s: s["training"]["stages"].pop("tables"), "$.training.stages.tables", "missing"),
        (lambda s: s["training"]["stages"].update(qat={}), "$.training.stages.qat", "available: float, tables, tune"),
    ],
)
def test_what_is_wrong_is_one_line_with_its_path(
    parse_codec: Parse, tiny_codec: dict[str, Any], change: Callable[[Any], Any], path: str, words: str
) -> None:
    change(tiny_codec)
    with pytest.raises(SpecError) as caught:
        parse_codec(tiny_codec)
    text = str(caught.value)
    assert f"models/tiny/spec.json: {path}: " in text and words in text and "\n" not in text


def test_overrides_are_taken(tiny_codec: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "spec.json").write_text(json.dumps(tiny_codec))
    _, spec = open_spec(tmp_path, overrides={"training.stages.float.epochs": 7, "qualities[0].step": 9.0})
    assert spec.training.stages["float"].epochs == 7 and spec.options.steps[0] == 9.0


@pytest.mark.parametrize("name", list_models())
def test_committed_specs_are_correct(name: str) -> None:
    task, spec = open_spec(name)
    assert (spec.name, spec.task) == (name, task.name)
