"""`host diagnose`: a table and a recipe, the same as JSON, and one line for what cannot be diagnosed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import click
import jsonschema
import pytest
from click.testing import CliRunner, Result

from host.cli import main
from host.errors import DiagnosisError
from host.quantization.diagnosis.kept import IMAGES, KEEP, read_diagnosis

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
    "required": ["format_version", "model", "task", "variant", "images", "networks", "model_sha256", "spec_sha256"],
    "properties": {
        "format_version": {"const": 1},
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


@pytest.fixture(autouse=True)
def diagnoses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folders of diagnoses and of bundles, both empty."""
    monkeypatch.setattr("host.quantization.diagnosis.kept.DIAGNOSES", tmp_path / "diagnoses")
    monkeypatch.setattr("host.packaging.export.BUNDLES", tmp_path / "bundles")
    return tmp_path / "diagnoses"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["diagnose", *map(str, arguments)], terminal_width=80)


def check_one_line(result: Result, *words: str) -> None:
    assert result.exit_code == 1, result.output
    assert re.fullmatch(r"Error: [^\n]+\n", result.output), result.output
    for word in words:
        assert word in result.output


def test_the_table_has_80_columns_and_every_layer(trained: Path, diagnoses: Path) -> None:
    result = run("tiny", "--models", trained, "--images", "4")
    assert result.exit_code == 0, result.output
    assert max(map(len, result.stdout.splitlines())) <= 80
    for network in ("encoder", "decoder"):
        assert re.search(rf"^tiny int8, {network}: output \S+ dB, 4 images$", result.stdout, re.MULTILINE)
    assert re.search(r"^[ *]correction +CONV ", result.stdout, re.MULTILINE)
    assert "\nnot kept, since --images or --keep is not the default; --out FILE keeps it\n" in result.stdout
    assert not diagnoses.exists()


def test_the_result_is_kept_and_its_file_said_and_another_number_of_images_leaves_it(
    loop: Any, diagnoses: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("tiny", "--models", loop.models)
    assert result.exit_code == 0, result.output
    said, missing = result.stdout.splitlines()[-2:]
    assert said == "result: diagnoses/tiny/int8.json"
    assert missing.startswith("without a tag: not exported in this state; ")
    assert missing.endswith("host export tiny")
    file = diagnoses / "tiny" / "int8.json"
    full = file.read_bytes()
    assert read_diagnosis(file).tag is None
    monkeypatch.setattr("host.packaging.export.BUNDLES", loop.bundles)
    other = tmp_path / "few.json"
    result = run("tiny", "--models", loop.models, "--images", "4", "--out", other, "--json")
    assert result.exit_code == 0, result.output
    assert result.stderr.splitlines()[-1] == "result: few.json"
    assert json.loads(result.stdout) == json.loads(other.read_text())
    assert (read_diagnosis(other).images, len(read_diagnosis(other).tag or "")) == (4, 8)
    assert file.read_bytes() == full
    check_one_line(
        run("tiny", "--models", loop.models, "--variant", "int8_qat", "--out", other),
        "few.json: holds the diagnosis of tiny int8, which is not overwritten",
    )


def test_what_is_asked_by_default_is_what_is_kept() -> None:
    defaults = {each.name: each.default for each in main.commands["diagnose"].params if isinstance(each, click.Option)}
    assert (defaults["images"], defaults["keep"]) == (IMAGES, KEEP)


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
