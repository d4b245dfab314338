"""The Python examples of the documents run."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

import host
from host.evaluation import collect, evaluate
from host.packaging import decoders, export

ROOT = Path(__file__).resolve().parent.parent
GUIDE = (ROOT / "docs" / "your-own-model.md").read_text(encoding="utf-8")
RUN = ROOT / "tests" / "host" / "evaluation" / "data" / "version_1"
BLOCKS = re.findall(r"```python\n(.*?)```", f"{host.__doc__}{GUIDE}", re.DOTALL)
EXAMPLES = list(dict.fromkeys(block for block in BLOCKS if block.startswith(("import host", "from host"))))


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_of_host_from_python_run(
    example: str,
    tiny: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    tiny |= {half: tiny[half][:1] for half in ("encoder", "decoder")}  # the transforms alone: quick to train
    (tmp_path / "models" / "my-model").mkdir(parents=True)
    (tmp_path / "models" / "my-model" / "spec.json").write_text(json.dumps(tiny))
    shutil.copytree(RUN / "build", tmp_path / "build")
    (run,) = (file.parent for file in RUN.glob("*/run.json"))
    shutil.copytree(run, tmp_path / "device" / "results" / run.name)
    for module, constant, folder in (
        (export, "BUNDLES", "device/bundles"),
        (decoders, "BUILD", "build"),
        (evaluate, "EVALUATIONS", "benchmarks/evaluations"),
        (collect, "RESULTS", "benchmarks/results"),
    ):
        monkeypatch.setattr(module, constant, tmp_path / folder)
    monkeypatch.chdir(tmp_path)
    exec(example, {})
    printed = capsys.readouterr().out
    assert "int8+tuned" in printed and "float32" in printed
    assert (tmp_path / "device" / "bundles" / "my-model" / "bundle.json").is_file()
    assert list(tmp_path.glob("benchmarks/results/*/*/evaluation.json"))
