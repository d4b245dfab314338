"""What `from host import ...` gives: functions that say what they take and raise, and are light until called."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import host
from device.errors import SplitliteError
from host import api, collect, diagnose, evaluate, export, train
from host.errors import CollectError, ModelError, SpecError

ROOT = Path(__file__).resolve().parents[2]


def test_no_submodule_can_take_the_place_of_a_function() -> None:
    # `import host.train` would set the attribute `train` of the package to the module.
    for name in host.__all__:
        assert not (ROOT / "host" / name).exists() and not (ROOT / "host" / f"{name}.py").exists()


def test_importing_the_functions_and_calling_collect_loads_no_tensorflow() -> None:
    code = (
        "import sys; from host import train, export, evaluate, collect; assert 'numpy' not in sys.modules;"
        "from device.errors import SplitliteError\n"
        "try: collect('nowhere')\nexcept SplitliteError: sys.exit('tensorflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize("function", [train, export, evaluate, diagnose, collect, api.decode, api.reconstruct])
def test_every_argument_is_explained(function: Any) -> None:
    text = (inspect.getdoc(function) or "") + (inspect.getdoc(api) or "")
    for name in inspect.signature(function).parameters:
        assert f"{name}: " in text or f"`{name}`" in text or name == "files", name


def test_a_model_is_a_name_a_folder_or_a_spec(tiny_text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "mine" / "small"
    folder.mkdir(parents=True)
    (folder / "spec.json").write_text(tiny_text)
    monkeypatch.chdir(folder)
    for given in (folder, str(folder), folder / "spec.json", "spec.json", "."):
        assert api._open(given, None)[1].spec.name == "small"
    assert api._open("small", folder.parent)[1].spec.folder == folder
    assert api._open("cifar10-ae-mse", None)[1].spec.name == "cifar10-ae-mse"


def test_what_goes_wrong_is_one_line(tiny: dict[str, Any], tmp_path: Path) -> None:
    tiny["encoder"][1]["layer"] = "LSTM"
    (tmp_path / "spec.json").write_text(json.dumps(tiny))
    for call, error, words in (
        (lambda: train(tmp_path / "no" / "such"), ModelError, "no such model"),
        (lambda: train("nosuch"), ModelError, "no such model; available: cifar10-ae-mae"),
        (lambda: train(tmp_path), SpecError, r"\$.encoder\[1\].layer"),
        (lambda: export(tmp_path), SpecError, r"\$.encoder\[1\].layer"),
        (lambda: evaluate(tmp_path), SpecError, r"\$.encoder\[1\].layer"),
        (lambda: collect(str(tmp_path)), CollectError, "no run here"),
    ):
        with pytest.raises(error, match=words) as raised:
            call()
        assert isinstance(raised.value, SplitliteError) and "\n" not in str(raised.value)
