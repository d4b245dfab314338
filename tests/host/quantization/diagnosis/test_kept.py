"""A diagnosis as a file: what is written is read again, what cannot be read or must not be replaced is one line."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from device.bundle import read_bundle
from host.errors import DiagnosisError, ModelError
from host.evaluation.evaluate import EVALUATIONS
from host.quantization.diagnosis.kept import (
    DIAGNOSES,
    IMAGES,
    KEEP,
    as_document,
    exported_tag,
    kept_file,
    read_diagnosis,
    write_diagnosis,
)
from host.quantization.diagnosis.result import Diagnosis, Kept, LayerError, NetworkDiagnosis
from host.results import Result, read_document

LAYER = LayerError("conv", ("PAD", "CONV_2D"), 12.5, None, 100.0, -0.5, 1.5, 0.0078125)
ADVICE = Kept({"conv": "float32"}, None, 98.5, 1234)
NETWORK = NetworkDiagnosis("encoder", 12.5, 12.25, None, (LAYER,), (ADVICE,), "few layers", ADVICE)
RECIPE = {"int8_mixed": {"weights": "float", "conversion": "mixed", "layers": {"conv": "float32"}}}
FOUND = Diagnosis("tiny", "compression", "int8", 64, (NETWORK,), "6" * 64, "5" * 64, "01234567", RECIPE)


@pytest.mark.parametrize("found", [FOUND, replace(FOUND, tag=None, recipe={})])
def test_what_is_written_is_read_again(found: Diagnosis, tmp_path: Path) -> None:
    write_diagnosis(tmp_path / "tiny" / "int8.json", found)
    assert read_diagnosis(tmp_path / "tiny" / "int8.json") == found
    value = json.loads((tmp_path / "tiny" / "int8.json").read_text())
    assert value == as_document(found) and value["format_version"] == 1
    assert ("tag" in value, "recipe" in value) == (found.tag is not None, bool(found.recipe))


def test_the_diagnosis_before_is_replaced(tmp_path: Path) -> None:
    write_diagnosis(tmp_path / "int8.json", FOUND)
    write_diagnosis(tmp_path / "int8.json", replace(FOUND, images=9))
    assert read_diagnosis(tmp_path / "int8.json").images == 9


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format_version": 2}, "diagnosis version 2 is newer than 1"),
        ({"format_version": 0}, "diagnosis version 0 is older than 1"),
        ({"format_version": None}, "no format version, expected 1; this is not a diagnosis"),
        ({"model_sha256": 7}, r"model_sha256: expected string, found integer 7"),
        ({"networks": [{}]}, r"networks\[0\].network: missing; damaged"),
        ({"images": math.nan}, "images: expected integer, found number nan"),
    ],
)
def test_what_is_no_diagnosis_is_one_line(change: dict[str, Any], words: str, tmp_path: Path) -> None:
    path = tmp_path / "int8.json"
    path.write_text(json.dumps({**as_document(FOUND), **change}))
    with pytest.raises(DiagnosisError, match=words) as raised:
        read_diagnosis(path)
    assert str(raised.value).startswith(str(path)) and "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("content", "words"), [(None, "cannot be read"), (b"{", "not valid JSON"), (b"[]", "no format")]
)
def test_a_missing_or_damaged_file_is_one_line(content: bytes | None, words: str, tmp_path: Path) -> None:
    path = tmp_path / "int8.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DiagnosisError, match=words):
        read_diagnosis(path)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_no_file_holds_what_is_not_finite(value: float, tmp_path: Path) -> None:
    found = replace(FOUND, networks=(replace(NETWORK, layers=(replace(LAYER, maximum=value),)),))
    with pytest.raises(DiagnosisError, match=r"^tiny int8: a layer's values are not finite"):
        write_diagnosis(tmp_path / "int8.json", found)
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_can_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DiagnosisError, match=r"int8.json: cannot be written \(.+\)$"):
        write_diagnosis(tmp_path / "file" / "int8.json", FOUND)


def test_only_the_default_question_is_kept_without_a_file_s_name(tmp_path: Path) -> None:
    full, other = tmp_path / "tiny" / "int8.json", tmp_path / "other.json"
    assert kept_file("tiny", "int8", 64, "float32", None, tmp_path) == full
    for images, keep in ((4, "float32"), (200, "float32"), (64, "int16")):
        assert kept_file("tiny", "int8", images, keep, None, tmp_path) is None
        assert kept_file("tiny", "int8", images, keep, other, tmp_path) == other


def test_a_named_file_of_something_else_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    write_diagnosis(path, FOUND)
    assert kept_file("tiny", "int8", 64, "float32", path, tmp_path) == path
    for model, variant in (("tiny", "int8_qat"), ("other", "int8")):
        with pytest.raises(DiagnosisError, match=r"holds the diagnosis of tiny int8, which is not overwritten"):
            kept_file(model, variant, 64, "float32", path, tmp_path)
    path.write_text("notes")
    with pytest.raises(DiagnosisError, match="not valid JSON"):
        kept_file("tiny", "int8", 64, "float32", path, tmp_path)


def test_a_tag_is_told_only_of_the_state_that_was_exported(loop: Any, tmp_path: Path) -> None:
    shutil.copytree(loop.bundles / "tiny", tmp_path / "tiny")
    bundle = read_bundle(tmp_path / "tiny")
    tags = {name: exported_tag(tmp_path / "tiny", bundle.model_sha256, name) for name in bundle.variants}
    assert tags == {name: variant.tag for name, variant in bundle.variants.items()}
    assert exported_tag(tmp_path / "tiny", "0" * 64, "int8") is None
    assert exported_tag(tmp_path / "tiny", bundle.model_sha256, "int3") is None
    assert exported_tag(tmp_path / "nowhere", bundle.model_sha256, "int8") is None


def test_a_codec_s_tag_is_that_of_its_finest_quality(loop: Any, tmp_path: Path) -> None:
    shutil.copytree(loop.bundles / "tiny", tmp_path / "tiny")
    path = tmp_path / "tiny" / "bundle.json"
    value = json.loads(path.read_text())
    for quality, name in enumerate(("float16", "float32", "int8")):  # the order of names is not that of qualities
        value["variants"][f"coder_q{2 - quality}"] = {**value["variants"][name], "family": "coder"}
        value["variants"][f"coder_q{2 - quality}"]["quality"] = 2 - quality
    path.write_text(json.dumps(value))
    bundle = read_bundle(tmp_path / "tiny")
    finest = bundle.find("coder", 2).tag
    assert finest != bundle.find("coder", 1).tag
    assert exported_tag(tmp_path / "tiny", bundle.model_sha256, "coder") == finest


def test_reading_loads_no_tensorflow() -> None:
    code = "import sys, host.quantization.diagnosis.kept; sys.exit(bool({'tensorflow', 'tf_keras'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_committed_diagnoses_are_of_what_was_evaluated() -> None:
    paths = sorted(DIAGNOSES.glob("*/*.json"))
    assert paths
    for path in paths:
        found = read_diagnosis(path)
        assert kept_file(found.model, found.variant, IMAGES, KEEP, None, DIAGNOSES) == path
        files = sorted((EVALUATIONS / found.model).glob("*.json"))
        tags = {read_document(Result, file, ModelError).tags.get(found.variant) for file in files}
        assert found.images == IMAGES and found.tag is not None and found.tag in tags, path
