"""Few modules lie between a model's name and its bundle, and the list of those that decide its bytes is whole."""

from __future__ import annotations

import inspect
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from host.api import export
from host.packaging.export import DECIDING
from host.quantization.recipes import DEFAULTS, recipes
from host.quiet import load_tensorflow
from host.spec.models import MODELS
from host.tasks import open_spec
from tests.tracing import EXPORT_ROOMS, INNOCENT, ROOT, modules_of

MOST = 12
# They read the model, as host/spec does, or build its Keras networks, as host/networks does.
_BESIDE = ("aware", "layers", "model_files", "networks", "spec")


@pytest.mark.parametrize("name", ["mnist-ae", "cifar10-rd"])
def test_few_modules_lead_to_a_bundle_and_those_that_decide_are_known(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_tensorflow()
    monkeypatch.setattr(recipes, "__defaults__", ({"int8": DEFAULTS["int8"]},))  # the others take the same path
    monkeypatch.setattr("host.diagram.kept.keep_drawing", lambda *_: "")  # a drawing is no part of a bundle
    _convert_unobserved(monkeypatch)
    run = modules_of(partial(export, name, bundles=tmp_path / "bundles", build=tmp_path / "build"))
    path = [each for each in run if each.startswith(EXPORT_ROOMS) and Path(each).stem not in _BESIDE]
    print(f"{name}: {len(path)} modules from name to bundle: {', '.join(path)}")
    assert len(path) <= MOST, path

    task, _ = open_spec(name, MODELS)
    own = Path(inspect.getfile(type(task))).parent.relative_to(ROOT)
    listed = {str(file.relative_to(ROOT)) for pattern in DECIDING for file in ROOT.glob(pattern)}
    listed |= {str(own / f"{module}.py") for module in (*task.exported_by, "task", "spec")}
    assert not [each for each in run if each not in listed and not each.startswith(INNOCENT)]


def _convert_unobserved(monkeypatch: pytest.MonkeyPatch) -> None:
    # Observed, TensorFlow's converter and its quantizer take minutes.
    from tensorflow.lite.python.lite import TFLiteKerasModelConverterV2 as Converter

    convert = Converter.convert

    def unobserved(converter: Any) -> bytes:
        observer = sys.getprofile()
        sys.setprofile(None)
        try:
            return convert(converter)
        finally:
            sys.setprofile(observer)

    monkeypatch.setattr(Converter, "convert", unobserved)
