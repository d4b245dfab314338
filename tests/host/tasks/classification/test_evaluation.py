"""A small classifier of real photographs is evaluated: rows, baselines, verdicts, pictures, tables, own folders."""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tf_keras as keras
from PIL import Image

from device.bundle import read_bundle
from device.pipeline import Pipeline
from host import api
from host.errors import DataError, ModelError
from host.metrics import gzip_bytes
from host.reporting.evaluations import result_text
from host.results import Result, Row, read_document
from host.tasks.classification.baselines import files


@pytest.fixture(scope="module")
def evaluated(trained: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    """The result and the file that it was written to."""
    out = tmp_path_factory.mktemp("evaluations") / "tiny" / "whole.json"
    return api.evaluate(trained.model, out=out, **trained.folders), out


@pytest.fixture(scope="module")
def rows(evaluated: tuple[Result, Path]) -> dict[str, Row]:
    return {row.row: row for row in evaluated[0].rows}


def test_every_variant_is_judged_beside_float32(rows: dict[str, Row]) -> None:
    variants = [row for row in rows.values() if row.variant]
    assert {"float32", "int8", "int16x8", "int8_qat"} <= {row.row for row in variants}
    exact = rows["float32"].metrics["accuracy_percent"]
    assert exact > 35  # of four classes
    for row in variants:
        low, high = row.intervals["accuracy_percent"]
        assert low < row.metrics["accuracy_percent"] < high and high - low < 25
        if row.row != "float32":
            assert row.metrics["accuracy_drop"] == pytest.approx(exact - row.metrics["accuracy_percent"])
            assert row.metrics["agreement_percent"] > 70
        table = np.array(row.counts["confusion"])
        assert table.sum(1).tolist() == [25] * 4
        assert 100 * table.trace() / table.sum() == pytest.approx(row.metrics["accuracy_percent"])
    assert rows["int16x8"].metrics["agreement_percent"] >= 98
    assert "actual" not in rows["int8"].ratios  # the stream is of scores, not of an image


def test_agreement_is_of_the_predictions_that_the_device_sends(trained: Any, rows: dict[str, Row]) -> None:
    bundle = read_bundle(trained.bundles / "tiny")
    images = [np.asarray(Image.open(file)) for file in sorted((trained.pictures / "test").rglob("*.png"))]
    answers = {
        name: [int(pipeline.numbers(image).argmax()) for image in images]
        for name, pipeline in ((name, Pipeline(bundle, name)) for name in ("float32", "int8_qat"))
    }
    same = 100 * np.mean(np.array(answers["float32"]) == answers["int8_qat"])
    assert rows["int8_qat"].metrics["agreement_percent"] == pytest.approx(same)


def test_keras_is_called_in_three_ways(rows: dict[str, Row]) -> None:
    ways = [rows[f"keras {name}"] for name in ("predict", "call", "tf.function")]
    for row in ways:
        assert row.metrics["accuracy_percent"] == pytest.approx(rows["float32"].metrics["accuracy_percent"])
    times = [row.latency["device"].median_ns for row in ways]
    assert times[0] > times[1] > times[2] > rows["float32"].latency["device"].median_ns
    assert {row.latency["device"].runtime for row in ways} == {"keras, batch 1"}


def test_sizes_stand_beside_three_baselines(trained: Any, rows: dict[str, Row]) -> None:
    bundle = read_bundle(trained.bundles / "tiny")
    content = (bundle.folder / bundle.variant("int8").file).read_bytes()
    assert rows["int8"].sizes["network_bytes"] == len(content)
    assert rows["int8"].sizes["network_gzip_bytes"] == gzip_bytes(content) < len(content)
    for key, of in (("network_bytes", ""), ("network_gzip_bytes", "_gzip")):
        own = rows["int8"].sizes[key]
        for name, row in (("keras_optimizer",) * 2, ("keras_weights",) * 2, ("float32_tflite", "float32")):
            assert rows["int8"].ratios[name + of] == pytest.approx(rows[row].sizes[key] / own)


def test_keras_files_hold_adam_or_weights_alone() -> None:
    image = keras.Input((20,))
    network = keras.Model(image, keras.layers.Dense(5000)(image))
    sizes = {name: len(content) / (4 * network.count_params()) for name, content in files(network).items()}
    assert sizes == {"keras_weights": pytest.approx(1.0, abs=0.1), "keras_optimizer": pytest.approx(3.0, abs=0.1)}


def test_verdicts_follow_the_specs_criteria(rows: dict[str, Row]) -> None:
    assert {name for name, row in rows.items() if row.verdict} == {
        name for name, row in rows.items() if row.variant and name != "float32"
    }
    for row in rows.values():
        if row.verdict:
            kept = row.metrics["accuracy_drop"] <= 2 and row.ratios["keras_weights"] >= 4
            assert (row.verdict == "pass") == kept


def test_the_file_holds_it_all_and_pictures_lie_beside_it(evaluated: tuple[Result, Path]) -> None:
    result, out = evaluated
    assert read_document(Result, out, ModelError) == result
    assert result.classes == ("airplane", "automobile", "cat", "frog")
    folder = out.with_name("whole-figures")
    files = {file.name: file for file in folder.iterdir()}
    assert set(files) == {"confusion.png", "class_accuracy.png", "misclassified.png"}
    for file in files.values():
        with Image.open(io.BytesIO(file.read_bytes())) as picture:
            assert picture.format == "PNG" and picture.width > 500 and np.asarray(picture.convert("L")).std() > 10
        assert file.stat().st_size < 300_000


def test_the_table_fits_a_terminal(evaluated: tuple[Result, Path]) -> None:
    lines = result_text(evaluated[0]).splitlines()
    assert max(map(len, lines)) <= 80
    text = "\n".join(lines)
    assert all(word in text for word in ("accuracy", "interval", "drop", "as float32", "keras predict"))
    assert ["bytes", "ms", "kB", "tflite", "optimizer", "weights"] in [line.split() for line in lines]
    assert any(line.startswith(("pass", "fail")) for line in lines)


def test_a_folder_for_each_class_gives_labels(trained: Any, rows: dict[str, Row], tmp_path: Path) -> None:
    found = api.evaluate(
        trained.model, data=trained.pictures / "test", out=tmp_path / "x.json", baselines=False, **trained.folders
    )
    assert found.source == "folder test" and found.images == 100
    own = {row.row: row for row in found.rows}
    assert own["int8"].metrics == rows["int8"].metrics and own["int8"].counts == rows["int8"].counts


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("other", r"/horse: no class of the model; rename or remove it; the classes: airplane, automobile, cat, frog$"),
        ("empty", r"/cat: a class folder without images; fill or remove it$"),
        ("beside", r"/stray\.png: lies in no class's folder, as others do; move it into one$"),
        ("flat", r"tiny: the task classification is judged by labels, and the images of the folder mine have none; "),
    ],
)
def test_a_folder_whose_labels_are_wrong_is_one_line(trained: Any, tmp_path: Path, change: str, words: str) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(trained.pictures / "test", folder)
    some = next(iter((folder / "frog").iterdir()))
    if change == "other":
        (folder / "frog").rename(folder / "horse")
    elif change == "empty":
        for file in (folder / "cat").iterdir():
            file.unlink()
    elif change == "beside":
        shutil.copy(some, folder / "stray.png")
    else:
        shutil.rmtree(folder)
        shutil.copytree(trained.pictures / "test" / "cat", folder)
    with pytest.raises(DataError, match=words) as raised:
        api.evaluate(trained.model, data=folder, **trained.folders)
    assert "\n" not in str(raised.value)
