"""The spec decides the variants: without a stage those of its weights are not there, and a recipe adds one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from device.bundle import read_bundle
from host.api import export
from host.quantization.recipes import DEFAULTS, recipes


def test_a_model_without_qat_exports_its_variants_and_a_recipe_more(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(trained / "tiny", tmp_path / "tiny"))
    spec = json.loads((folder / "spec.json").read_text())
    del spec["training"]["stages"]["qat"]
    spec["quantization"]["recipes"] = {"few": {"weights": "float", "conversion": "int8", "calibration_images": 2}}
    (folder / "spec.json").write_text(json.dumps(spec))
    (folder / "qat.weights.h5").unlink()
    fewer = {name: DEFAULTS[name] for name in ("float32", "int8", "int8_qat")}  # to save time
    monkeypatch.setattr(recipes, "__defaults__", (fewer,))
    assert export(folder, bundles=tmp_path / "bundles", build=tmp_path / "build") == tmp_path / "bundles" / "tiny"
    bundle = read_bundle(tmp_path / "bundles" / "tiny")
    assert sorted(bundle.variants) == ["few", "float32", "int8"]
    assert bundle.variant("few").tag != bundle.variant("int8").tag  # other calibration, other ranges inside
    assert bundle.variant("few").tensor == bundle.variant("int8").tensor  # and the same latent grid
