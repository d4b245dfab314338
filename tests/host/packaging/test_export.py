"""One export for all tasks: it does nothing where nothing changed, and writes nothing that must not travel."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from device.bundle import read_bundle
from device.runtime import PREFERENCE, available_runtimes
from host.errors import ExportError
from host.packaging import export as exporting
from host.packaging.export import UP_TO_DATE, at_once, export, read_record
from host.packaging.package import HomeNetwork, Package
from host.spec.model_folder import ModelFolder
from host.spec.types import Spec
from tests.host.packaging.conftest import DATA

FILES = ("decoder.tflite", "full.tflite", "tables.npy", "decoders.json")


class ToyTask:
    """A task whose package is there already."""

    name = "toy"
    exported_by = ()

    def __init__(self, package: Package) -> None:
        self.made, self.calls = package, 0

    def package(self, model: ModelFolder) -> Package:
        self.calls += 1
        return self.made


@pytest.fixture
def task(make_package: Callable[..., Package]) -> ToyTask:
    network = (DATA / "tiny.int8.tflite").read_bytes()
    home = {"own": HomeNetwork({"decoder.tflite": network}), "full": HomeNetwork({"full.tflite": network})}
    return ToyTask(make_package(home=home, left_out={"int4": "no such kernel"}))


@pytest.fixture
def model(tiny: dict[str, Any], parse: Callable[[Any], Spec]) -> ModelFolder:
    model = ModelFolder(parse(tiny))
    model.folder.mkdir(parents=True)
    model.weights("float").write_bytes(b"weights")
    return model


@pytest.fixture
def run(task: ToyTask, model: ModelFolder, tmp_path: Path) -> Callable[[], str]:
    return partial(export, task, model, tmp_path / "bundles", tmp_path / "build")  # type: ignore[arg-type]


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_it_says_what_was_made_and_why_a_variant_is_missing(run: Callable[[], str], tmp_path: Path) -> None:
    text = run()
    assert text.startswith("float32 ") and text.endswith("; without int4: no such kernel")
    record, bundle = read_record(tmp_path / "build", "tiny"), read_bundle(tmp_path / "bundles" / "tiny")
    assert record.left_out == {"int4": "no such kernel"}
    assert (record.bundle_sha256, record.tags) == (bundle.sha256, {n: v.tag for n, v in bundle.variants.items()})
    expected = {
        name: "runs" if name in available_runtimes() else "not tried: not installed here" for name in PREFERENCE
    }
    assert record.runtimes["int8"] == dict.fromkeys(("encoder", "decoder.tflite", "full.tflite"), expected)


def test_what_is_up_to_date_is_not_made_again(run: Callable[[], str], task: ToyTask, tmp_path: Path) -> None:
    run()
    before = contents(tmp_path)
    assert run() == UP_TO_DATE
    assert task.calls == 1 and contents(tmp_path) == before


@pytest.mark.parametrize("name", [*FILES, "samples", "bundle.json", "int8.encoder.tflite", "samples.npy"])
@pytest.mark.parametrize("damaged", [False, True])
def test_a_missing_or_damaged_file_is_made_again(
    name: str, damaged: bool, run: Callable[[], str], tmp_path: Path
) -> None:
    run()
    before = {file: content for file, (content, _) in contents(tmp_path).items()}
    bundle = read_bundle(tmp_path / "bundles" / "tiny")
    path = bundle.folder / name
    if name in FILES:
        path = tmp_path / "build" / "tiny" / bundle.variant("int8").tag / name
    elif name == "samples":
        (path,) = (tmp_path / "build" / "tiny" / "samples").iterdir()
        damaged = False  # nothing in the folder says what it should be
    path.unlink()
    if damaged:
        path.write_bytes(b"damaged")
    assert run() != UP_TO_DATE
    assert {file: content for file, (content, _) in contents(tmp_path).items()} == before


def test_other_weights_are_another_model(run: Callable[[], str], model: ModelFolder) -> None:
    run()
    model.weights("float").write_bytes(b"others")
    assert run() != UP_TO_DATE


@pytest.mark.parametrize(
    ("file", "made_again"),
    [
        ("host/cli/export.py", False),
        ("host/spec/fields.py", False),
        ("host/packaging/parts.py", False),
        ("device/bench/run.py", False),
        ("host/quantization/recipes.py", True),
        ("host/packaging/bundle_writer.py", True),
        ("device/outputs/codes.py", True),
    ],
)
def test_only_code_that_decides_the_bytes_exports_again(
    file: str, made_again: bool, run: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("host", "device"):
        ignored = shutil.ignore_patterns("__pycache__", "bundles", "results", "data", "*.png")
        shutil.copytree(exporting._ROOT / folder, tmp_path / "code" / folder, ignore=ignored)
    monkeypatch.setattr(exporting, "_ROOT", tmp_path / "code")
    run()
    with (tmp_path / "code" / file).open("a") as source:
        source.write("# a word more\n")
    assert (run() != UP_TO_DATE) is made_again


@pytest.mark.parametrize(("conversion", "made_again"), [("int8", False), ("int4_weights", True)])
def test_a_converters_version_counts_where_a_recipe_names_it(
    conversion: str,
    made_again: bool,
    task: ToyTask,
    tiny: dict[str, Any],
    parse: Callable[[Any], Spec],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tiny["quantization"]["recipes"] = {"mine": {"weights": "float", "conversion": conversion}}
    model = ModelFolder(parse(tiny))
    model.folder.mkdir(parents=True)
    run = partial(export, task, model, tmp_path / "bundles", tmp_path / "build")  # type: ignore[arg-type]
    run()
    found = exporting.version
    monkeypatch.setattr(exporting, "version", lambda name: "9" if name == "ai-edge-quantizer" else found(name))
    assert (run() != UP_TO_DATE) is made_again


def test_every_pattern_of_the_list_names_code() -> None:
    for pattern in exporting.DECIDING:
        assert list(exporting._ROOT.glob(pattern)), pattern


def test_a_file_that_no_runtime_runs_stays_here(task: ToyTask, run: Callable[[], str], tmp_path: Path) -> None:
    first = replace(task.made.variants[0], home={"own": HomeNetwork({"decoder.tflite": b"no network"})})
    task.made = replace(task.made, variants=(first, *task.made.variants[1:]))
    with pytest.raises(ExportError, match=r"^tiny float32 decoder.tflite: no runtime at hand runs it"):
        run()
    assert not (tmp_path / "bundles").exists()


def test_a_model_without_any_variant_is_an_error_with_the_reasons(task: ToyTask, run: Callable[[], str]) -> None:
    task.made = replace(task.made, variants=())
    with pytest.raises(ExportError, match=r"^tiny: no variant can be converted \(no such kernel\)$"):
        run()


def test_all_are_tried_before_the_first_failure_is_raised() -> None:
    results = at_once([partial(_fail, "first"), partial(str, "second"), partial(_fail, "third")])
    assert next(results) == "second"
    with pytest.raises(ExportError, match="first"):
        next(results)


def _fail(text: str) -> str:
    raise ExportError(text)
