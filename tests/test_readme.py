"""The Python examples of the documents run."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import host
from device import pipeline
from host.evaluation import collect, evaluate
from host.packaging import decoders, export
from host.quantization.diagnosis import kept
from host.spec.model_folder import ModelFolder
from host.tasks import open_spec

ROOT = Path(__file__).resolve().parent.parent


def _examples(text: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


EXAMPLES = {
    example
    for text in (host.__doc__ or "", (ROOT / "docs" / "your-own-model.md").read_text(encoding="utf-8"))
    for example in _examples(text)
}


def test_the_readme_s_example_encodes_a_photograph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export.export(*_opened("photo"), tmp_path / "bundles", tmp_path / "build")
    monkeypatch.setattr(pipeline, "DEFAULT_BUNDLES", tmp_path / "bundles")
    (example,) = _examples((ROOT / "README.md").read_text(encoding="utf-8"))
    found: dict[str, Any] = {"image": np.zeros((30, 50, 3), np.uint8)}
    exec(example, found)
    assert found["bitstream"][:1] == b"\x53"


def _opened(name: str) -> tuple[Any, ModelFolder]:
    task, spec = open_spec(name)
    return task, ModelFolder(spec)


@pytest.mark.parametrize("example", sorted(EXAMPLES))
def test_the_examples_of_host_run(
    example: str,
    tiny: dict[str, Any],
    loop: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    tiny |= {half: tiny[half][:1] for half in ("encoder", "decoder")}  # the transforms alone: quick to train
    (tmp_path / "models" / "my-model").mkdir(parents=True)
    (tmp_path / "models" / "my-model" / "spec.json").write_text(json.dumps(tiny))
    shutil.copytree(loop.build, tmp_path / "build")
    shutil.copytree(loop.run, tmp_path / "device" / "results" / loop.run.name)
    for module, constant, folder in (
        (export, "BUNDLES", "device/bundles"),
        (decoders, "BUILD", "build"),
        (evaluate, "EVALUATIONS", "benchmarks/evaluations"),
        (kept, "DIAGNOSES", "benchmarks/diagnoses"),
        (collect, "RESULTS", "benchmarks/results"),
    ):
        monkeypatch.setattr(module, constant, tmp_path / folder)
    monkeypatch.chdir(tmp_path)
    exec(example, {})
    printed = capsys.readouterr().out
    assert "int8+tuned" in printed and "float32" in printed
    assert (tmp_path / "device" / "bundles" / "my-model" / "bundle.json").is_file()
    assert list(tmp_path.glob("benchmarks/results/*/*/evaluation.json"))
    assert (tmp_path / "benchmarks" / "diagnoses" / "my-model" / "int8.json").is_file()
