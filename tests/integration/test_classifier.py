"""A classifier goes the whole way: trained on a labelled folder, exported, benched on a device, collected."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from device.bundle import read_bundle
from device.classifier import Classifier
from device.pipeline import Pipeline
from device.run_file import read_run
from host import api
from host.report.report import write_report
from host.report.sources import Folders
from host.reporting.evaluations import run_text
from tests.conftest import BENCH_PYTHON, bench, copy_device

CLASSES = ("blue", "green", "red")
SIDE = 8
SPEC = {
    "format_version": 1,
    "task": "classification",
    "classifier": [
        {"layer": "Conv2D", "name": "edges", "filters": 8, "kernel_size": 3, "strides": 2, "activation": "relu"},
        {"layer": "GlobalAveragePooling2D", "name": "pool"},
    ],
    "training": {"batch_size": 16, "stages": {"float": {"epochs": 30, "learning_rate": 0.01}, "qat": {"epochs": 1}}},
    "quantization": {"calibration_images": 30},
}


@dataclass(frozen=True)
class Places:
    """Where a small classifier left its files, on the host and on the device."""

    bundles: Path
    build: Path
    device: Path
    run: Path


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    folder = tmp_path_factory.mktemp("classifier")
    generator = np.random.default_rng(1)
    for label, name in zip((2, 1, 0), CLASSES, strict=True):
        (folder / "pictures" / name).mkdir(parents=True)
        for number in range(60):
            # One in six shows another class: neither chance nor certainty, which would hide a wrong label.
            strongest = (label + (number % 6 == 0)) % 3
            pixels = generator.normal(100, 30, (SIDE, SIDE, 3)) + 80 * np.eye(3)[strongest]
            picture = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
            picture.save(folder / "pictures" / name / f"{number}.png")
    model = folder / "models" / "colours"
    model.mkdir(parents=True)
    data = {"dataset": "folder", "path": str(folder / "pictures"), "size": SIDE, "validation": 40}
    (model / "spec.json").write_text(json.dumps({**SPEC, "data": data}))
    bundles, build, elsewhere = folder / "bundles", folder / "build", folder / "on-the-device"
    api.train(model)
    api.export(model, bundles=bundles, build=build)
    copy_device(elsewhere, bundles / "colours")
    run, _ = bench(elsewhere, "--repetitions", "1", "--runs", "5", "--warmup", "1", "--seconds", "0.001")
    return Places(bundles, build, elsewhere, run)


def test_accuracy_at_home_is_the_device_s_top_1(places: Places, tmp_path: Path) -> None:
    run = read_run(places.run)
    on_the_device = {row.variant: row.figures["top1_percent"] for row in run.rows}
    assert set(on_the_device) >= {"float32", "int8", "int16x8", "int8_qat"}
    (collected,) = api.collect(places.run, results=tmp_path, bundles=places.bundles, build=places.build)
    (result,) = collected.results
    assert {row.error for row in result.rows} == {None}
    assert {row.variant: row.metrics["accuracy_percent"] for row in result.rows} == pytest.approx(on_the_device)
    assert 60 < on_the_device["float32"] < 100
    text = run_text(collected)
    assert "accuracy" in text and "as float32" in text and max(map(len, text.splitlines())) <= 80
    for row in result.rows:
        low, high = row.intervals["accuracy_percent"]
        assert low < row.metrics["accuracy_percent"] < high
        assert ("agreement_percent" in row.metrics) == (row.row != "float32")


def test_its_report_has_what_was_judged(places: Places, tmp_path: Path) -> None:
    api.collect(places.run, results=tmp_path / "results", bundles=places.bundles, build=places.build)
    folder = tmp_path / "report"
    lines = write_report(Folders(places.bundles.parent / "models", tmp_path, places.build), folder)
    assert max(map(len, lines[:-1])) <= 80 and any("accuracy" in line for line in lines)
    report = (folder / "report.md").read_text()
    assert "| accuracy (%) | 95 % interval | drop (points) |" in report
    # What it sends is no picture: there is no compression ratio and no figure of bytes.
    assert "compression ratio" not in report and "bytes.svg" not in report
    (model,) = json.loads((folder / "report.json").read_text())["models"]
    figures = {Path(figure["file"]).name for figure in model["figures"]}
    assert figures >= {"colours.time-0.svg", "colours.size.svg"}


def test_sizes_are_those_of_scores(places: Places, tmp_path: Path) -> None:
    (collected,) = api.collect(places.run, results=tmp_path, bundles=places.bundles, build=places.build)
    (result,) = collected.results
    sizes = {row.variant: row.sizes["scores_bytes"] for row in result.rows}
    assert (sizes["int8"], sizes["int16x8"], sizes["float32"]) == (3, 6, 12)
    for row in result.rows:
        assert row.sizes["bitstream_bytes"] == 16 + row.sizes["scores_bytes"]
        assert row.agreement and row.agreement.differing == 0, row.agreement


def test_the_bench_prints_top_1(places: Places) -> None:
    figures = {row.variant: row.figures["top1_percent"] for row in read_run(places.run).rows}
    lines = [line.split() for line in (places.run / "tables.txt").read_text(encoding="utf-8").splitlines()]
    (head,) = (number for number, line in enumerate(lines) if line[-1:] == ["top1"])
    shown = {line[0]: line[-1] for line in lines[head + 2 : head + 2 + len(figures)]}
    assert shown == {variant: f"{figure:.2f}" for variant, figure in figures.items()}


def test_the_labels_that_travel_are_the_samples_own(places: Places) -> None:
    bundle = read_bundle(places.bundles / "colours")
    images, labels = bundle.read_samples(), bundle.read_labels()
    assert labels is not None and set(labels.tolist()) == {0, 1, 2}
    assert bundle.variant("int8").output.classes == CLASSES
    for label in range(3):
        assert images[labels == label].mean((0, 1, 2)).argmax() == 2 - label
    classifier = Classifier(bundle, "int8")
    first = [CLASSES.index(classifier.classify(image)[0][0]) for image in images]
    assert first == [int(Pipeline(bundle, "int8").numbers(image).argmax()) for image in images]


def test_the_device_classifies_a_file(places: Places, tmp_path: Path) -> None:
    picture = np.full((SIDE, SIDE, 3), 100, np.uint8)
    picture[..., 0] = 200
    (tmp_path / "red.ppm").write_bytes(b"P6\n8 8\n255\n" + picture.tobytes())
    command = [BENCH_PYTHON, "-m", "device", "classify", tmp_path / "red.ppm", "--bundle", "colours"]
    done = subprocess.run(command, cwd=places.device, capture_output=True, text=True, check=True)
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[0][0] == "red" and {line[0] for line in lines} == set(CLASSES)
    assert sum(float(line[1]) for line in lines) == pytest.approx(100, abs=0.02)
