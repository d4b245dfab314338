"""Broken specs through the command line: one line each, with the JSON path, what was found, and the cure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from host.cli import main

Change = Callable[[dict[str, Any]], Any]


def _recipe(conversion: str, layers: dict[str, str]) -> dict[str, Any]:
    return {"weights": "float", "conversion": conversion, "layers": layers}


# The path that the line names, how the spec is broken, what was found, the cure.
BROKEN: dict[str, tuple[str, Change, str, str]] = {
    "no version": ("$.format_version", lambda s: s.pop("format_version"), "missing", "give a whole number"),
    "version of tomorrow": ("$.format_version", lambda s: s.update(format_version=2), "found 2", "update splitlite"),
    "version in words": ("$.format_version", lambda s: s.update(format_version="1"), 'found "1"', "give a whole"),
    "no encoder": ("$.encoder", lambda s: s.pop("encoder"), "missing", "give a list"),
    "encoder is an object": ("$.encoder", lambda s: s.update(encoder={}), "found {}", "give a list"),
    "empty decoder": ("$.decoder", lambda s: s.update(decoder=[]), "no layers", "at least one"),
    "layer is a word": ("$.encoder[1]", lambda s: s["encoder"].__setitem__(1, "Conv2D"), '"Conv2D"', "in braces"),
    "no layer": ("$.encoder[1].layer", lambda s: s["encoder"][1].pop("layer"), "missing", "give a text"),
    "misspelt layer": ("$.encoder[1].layer", lambda s: s["encoder"][1].update(layer="Conv2d"), '"Conv2d"', "Conv2D?"),
    "layer of Python": ("$.encoder[1].layer", lambda s: s["encoder"][1].update(layer="Lambda"), "Python", "available"),
    "layer of loops": ("$.encoder[1].layer", lambda s: s["encoder"][1].update(layer="GRU"), "loop", "available"),
    "misspelt argument": ("$.encoder[1].filter", lambda s: s["encoder"][1].update(filter=3), "unknown", "filters?"),
    "missing argument": ("$.encoder[1].filters", lambda s: s["encoder"][1].pop("filters"), "missing", "whole number"),
    "no filters": ("$.encoder[1].filters", lambda s: s["encoder"][1].update(filters=0), "found 0", "at least 1"),
    "half a filter": ("$.encoder[1].filters", lambda s: s["encoder"][1].update(filters=2.5), "found 2.5", "whole"),
    "filters in quotes": ("$.encoder[1].filters", lambda s: s["encoder"][1].update(filters="8"), '"8"', "latent_dims"),
    "unknown size": (
        "$.encoder[1].filters",
        lambda s: s["encoder"][1].update(filters="latent_dims"),
        "has no value",
        "$.latent.dims",
    ),
    "size nobody reads": ("$.latent.dims", lambda s: s["latent"].update(dims=9), "no layer reads it", "leave it out"),
    "negative stride": (
        "$.encoder[1].strides",
        lambda s: s["encoder"][1].update(strides=-1),
        "found -1",
        "in this range",
    ),
    "three sides": (
        "$.encoder[1].kernel_size",
        lambda s: s["encoder"][1].update(kernel_size=[3, 3, 3]),
        "found 3",
        "list of 2",
    ),
    "a side in words": (
        "$.encoder[1].kernel_size[1]",
        lambda s: s["encoder"][1].update(kernel_size=[3, "3"]),
        'found "3"',
        "give a whole number",
    ),
    "padding": ("$.encoder[1].padding", lambda s: s["encoder"][1].update(padding="sane"), '"sane"', "mean same?"),
    "activation": ("$.encoder[1].activation", lambda s: s["encoder"][1].update(activation="rellu"), '"rellu"', "relu?"),
    "bias": ("$.encoder[1].use_bias", lambda s: s["encoder"][1].update(use_bias=0), "found 0", "true or false"),
    "initializer": (
        "$.encoder[1].initializer.name",
        lambda s: s["encoder"][1].update(initializer="wavelet"),
        '"wavelet"',
        "available: glorot_uniform",
    ),
    "initializer's argument": (
        "$.encoder[0].initializer.stp",
        lambda s: s["encoder"][0]["initializer"].update(stp=1),
        "unknown key",
        "did you mean step?",
    ),
    "unknown input": ("$.encoder[2].input", lambda s: s["encoder"][2].update(input="up"), '"up"', "image, linear"),
    "later input": ("$.encoder[1].input", lambda s: s["encoder"][1].update(input="sum"), '"sum"', "image, linear"),
    "one input of two": (
        "$.encoder[3].input",
        lambda s: s["encoder"][3].update(input="linear"),
        "found 1",
        "available",
    ),
    "taken name": ("$.encoder[2].name", lambda s: s["encoder"][2].update(name="linear"), "is taken", "its own name"),
    "name with a space": ("$.encoder[2].name", lambda s: s["encoder"][2].update(name="a b"), '"a b"', "rename"),
    "data set": ("$.data.dataset", lambda s: s["data"].update(dataset="cifar"), '"cifar"', "cifar10?"),
    "small patches": ("$.data.size", lambda s: s["data"].update(size=8), "found 8", "give a value in this range"),
    "flip": ("$.data.flip", lambda s: s["data"].update(flip="yes"), '"yes"', "true or false"),
    "scale": ("$.latent.scale", lambda s: s["latent"].update(scale=0), "found 0", "give a value in this range"),
    "no loss": ("$.training.loss", lambda s: s["training"].pop("loss"), "missing", "give"),
    "loss": ("$.training.loss", lambda s: s["training"].update(loss="mes"), '"mes"', "mse"),
    "batch": ("$.training.batch_size", lambda s: s["training"].update(batch_size=0), "found 0", "in this range"),
    "rate": (
        "$.training.stages.float.learning_rate",
        lambda s: s["training"]["stages"]["float"].update(learning_rate=2),
        "found 2",
        "give a value in this range",
    ),
    "stage": (
        "$.training.stages.flaot",
        lambda s: s["training"]["stages"].update(flaot={}),
        "unknown stage",
        "did you mean float? available: float, qat, tables, tune",
    ),
    "stage that is needed": (
        "$.training.stages.tables",
        lambda s: s["training"]["stages"].pop("tables"),
        "missing",
        "{} takes the defaults",
    ),
    "kind of a stage": (
        "$.training.stages.wider.kind",
        lambda s: s["training"]["stages"].update(wider={"kind": "flota"}),
        '"flota"',
        "did you mean float?",
    ),
    "no task": ("$.task", lambda s: s.pop("task"), "missing", "compression"),
    "task": ("$.task", lambda s: s.update(task="codecs"), '"codecs"', "did you mean codec?"),
    "recipe": (
        "$.quantization.recipes.wide.conversion",
        lambda s: s["quantization"].update(recipes={"wide": {"weights": "float", "conversion": "int4"}}),
        '"int4"',
        "int8",
    ),
    "type of a layer": (
        "$.quantization.recipes.mine.layers.linear",
        lambda s: s["quantization"].update(recipes={"mine": _recipe("mixed", {"linear": "int32"})}),
        '"int32"',
        "did you mean int8? available: int8, int16, float32",
    ),
    "type of a layer beside 4 bits": (
        "$.quantization.recipes.mine.layers.linear",
        lambda s: s["quantization"].update(recipes={"mine": _recipe("int4_weights", {"linear": "int16"})}),
        '"int16"',
        "available: float32",
    ),
    "layer of a recipe": (
        "$.quantization.recipes.mine.layers",
        lambda s: s["quantization"].update(recipes={"mine": _recipe("mixed", {"linaer": "int16"})}),
        '"linaer" matches no layer',
        "did you mean linear?",
    ),
    "layers of a conversion that takes none": (
        "$.quantization.recipes.mine.layers",
        lambda s: s["quantization"].update(recipes={"mine": _recipe("int8", {"linear": "int16"})}),
        "int8 treats all layers alike",
        "take one of mixed, int4_dynamic, int4_weights",
    ),
    "unknown part": ("$.traning", lambda s: s.update(traning={}), "unknown key", "training?"),
    # What only Keras can tell.
    "shapes do not meet": (
        "$.encoder[3]",
        lambda s: s["encoder"][1].update(strides=2),
        "Add: ",
        "(input (4, 4, 4), (8",
    ),
    "kernel larger than the image": (
        "$.encoder[1]",
        lambda s: s["encoder"][1].update(kernel_size=40, padding="valid"),
        "Conv2D: ",
        "(input (16, 16, 3))",
    ),
    "impossible reshape": (
        "$.decoder[0]",
        lambda s: s.update(decoder=[{"layer": "Reshape", "target_shape": [7]}]),
        "Reshape: ",
        "(input (4, 4, 4))",
    ),
    "no image at the end": (
        "$.decoder",
        lambda s: s.update(decoder=s["decoder"][1:2]),
        "(16, 16, 4)",
        "the images of skimage have (16, 16, 3)",
    ),
    "a latent of two sides": (
        "$.encoder",
        lambda s: s["encoder"].append({"layer": "Reshape", "target_shape": [8, 8]}),
        "found shape (8, 8)",
        "end with a Reshape or Flatten",
    ),
}


@pytest.mark.parametrize("name", list(BROKEN))
def test_a_broken_spec_is_one_line(name: str, tiny: dict[str, Any], tmp_path: Path) -> None:
    path, change, found, cure = BROKEN[name]
    change(tiny)
    file = tmp_path / "m" / "spec.json"
    file.parent.mkdir()
    file.write_text(json.dumps(tiny))
    for spec in ("m", file):
        result = CliRunner().invoke(main, ["check", str(spec), "--models", str(tmp_path)])
        assert result.exit_code == 1 and isinstance(result.exception, SystemExit), result.exception
        assert re.fullmatch(r"Error: [^\n]+\n", result.output), result.output
        assert f"spec.json: {path}: " in result.output
        assert found in result.output and cure in result.output


@pytest.mark.parametrize(
    ("text", "words"),
    [("{", "not valid JSON"), ("", "not valid JSON"), ("[]", "expected an object"), ("null", "expected an object")],
)
def test_what_is_no_spec_at_all_is_one_line(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "spec.json").write_text(text)
    result = CliRunner().invoke(main, ["check", "m", "--models", str(tmp_path)])
    assert result.exit_code == 1
    assert re.fullmatch(r"Error: [^\n]+\n", result.output) and words in result.output


def test_a_path_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["check", str(tmp_path / "no.json")])
    assert (result.exit_code, result.output.count("\n")) == (1, 1)
    assert "no.json: no such model; give a model's name, a folder with a spec.json, or that file" in result.output


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("training.epochs=0", "$.training.stages.float.epochs: expected 1 to"),
        ("encoder[1].filters=x", '$.encoder[1].filters: expected int, found "x"'),
        ("training.epochs", "expected PATH=VALUE"),
        ("encoder[7].filters=1", "no such place"),
    ],
)
def test_a_wrong_override_is_one_line(setting: str, words: str, tiny: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "spec.json").write_text(json.dumps(tiny))
    result = CliRunner().invoke(main, ["train", "m", "--models", str(tmp_path), "--set", setting])
    assert result.exit_code == 1
    assert re.fullmatch(r"Error: [^\n]+\n", result.output) and words in result.output
