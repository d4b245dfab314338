"""`host diagnose`: a table and a recipe, the same as JSON, and one line for what cannot be diagnosed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
from click.testing import CliRunner, Result

from host.cli import main
from host.errors import DiagnosisError

RATIO = {"type": "number"}
LAYER = {
    "type": "object",
    "required": ["layer", "ops", "sqnr_db", "own_sqnr_db", "share_percent", "minimum", "maximum", "scale"],
    "properties": {
        "layer": {"type": "string"},
        "ops": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        "sqnr_db": {"type": ["number", "null"]},
        "own_sqnr_db": {"type": ["number", "null"]},
        "share_percent": {"type": "number", "minimum": 0, "maximum": 100},
    },
}
SCHEMA = {
    "type": "object",
    "required": ["model", "task", "variant", "images", "networks"],
    "properties": {
        "images": {"type": "integer", "minimum": 1},
        "networks": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["network", "sqnr_db", "expected_sqnr_db", "best_sqnr_db", "layers", "steps", "verdict"],
                "properties": {
                    "layers": {"type": "array", "items": LAYER, "minItems": 1},
                    "verdict": {"enum": ["harmless", "few layers", "spread", "output"]},
                },
            },
        },
        "recipe": {"type": "object"},
    },
}


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["diagnose", *map(str, arguments)], terminal_width=80)


def check_one_line(result: Result, *words: str) -> None:
    assert result.exit_code == 1, result.output
    assert re.fullmatch(r"Error: [^\n]+\n", result.output), result.output
    for word in words:
        assert word in result.output


def test_the_table_has_80_columns_and_every_layer(trained: Path) -> None:
    result = run("tiny", "--models", trained, "--images", "4")
    assert result.exit_code == 0, result.output
    assert max(map(len, result.stdout.splitlines())) <= 80
    for network in ("encoder", "decoder"):
        assert re.search(rf"^tiny int8, {network}: output \S+ dB, 4 images$", result.stdout, re.MULTILINE)
    assert re.search(r"^[ *]correction +CONV ", result.stdout, re.MULTILINE)


def test_json_is_the_same_and_the_worst_layer_is_first(trained: Path) -> None:
    result = run("tiny", "--models", trained, "--images", "4", "--variant", "int8_qat", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    jsonschema.validate(found, SCHEMA)
    for network in found["networks"]:
        ratios = [layer["sqnr_db"] for layer in network["layers"]]
        assert ratios == sorted(ratios, key=lambda ratio: (ratio is None, ratio))
    assert "recipe" not in found  # no conversion keeps layers of quantization-aware weights in another type


def test_what_cannot_be_diagnosed_is_one_line(trained: Path, tmp_path: Path) -> None:
    options = ("--models", trained)
    check_one_line(run("tiny", *options, "--variant", "int3"), "tiny: no variant 'int3'; available: int8, int16x8")
    check_one_line(run("tiny", *options, "--variant", "float16"), "its activations are float32", "available: int8")
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "spec.json").write_bytes((trained / "tiny" / "spec.json").read_bytes())
    check_one_line(run("tiny", "--models", tmp_path), "missing; make it with", "host train tiny")
    check_one_line(run("nosuch"), "nosuch", "no such model; available:")
    assert issubclass(DiagnosisError, Exception)
