"""The whole circle on a tiny model: train, export, copy to a "device", bench there, collect and evaluate at home."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from device.bundle import read_bundle
from device.files import sha256_bytes
from device.pipeline import Pipeline
from device.run_file import read_outputs, read_run
from device.stream import unpack
from host.api import collect, evaluate, export, export_all
from host.errors import ExportError, SpecError
from host.packaging.decoders import find_decoders
from host.quantization.recipes import DEFAULTS
from host.results import Result, Row
from host.spec.model_folder import ModelFolder
from host.tasks import TASKS, open_spec
from host.tasks.compression.halves import convert

VARIANTS = ["float32", "float16", "dynamic_range", "int8", "int16x8", "int8_qat"]
TUNED = ["int8+tuned", "int8_qat+tuned"]


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def places(loop: Any) -> dict[str, Path]:
    return {"bundles": loop.bundles, "build": loop.build}


@pytest.fixture(scope="module")
def collected(loop: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Row]]:
    """The kept run's folder, and its rows by name."""
    results = tmp_path_factory.mktemp("results")
    (run,) = collect(loop.device / "device" / "results", results=results, **places(loop))
    (kept,) = (path.parent for path in results.rglob("evaluation.json"))
    return kept, {row.row: row for row in run.results[0].rows}


@pytest.fixture(scope="module")
def evaluated(loop: Any, tmp_path_factory: pytest.TempPathFactory) -> Result:
    """`host evaluate` over 40 test images."""
    folder = tmp_path_factory.mktemp("evaluations")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("host.evaluation.evaluate.EVALUATIONS", folder)
        result = evaluate(loop.models / "tiny", images=40, baselines=False, **places(loop))
    assert files(folder) == {}  # a part of the test set is no result to keep
    return result


def test_training_leaves_what_export_needs_and_says_how_it_went(loop: Any) -> None:
    folder = loop.models / "tiny"
    assert {path.name for path in folder.iterdir() if path.is_file()} >= {
        "spec.json",
        "float.weights.h5",
        "qat.weights.h5",
        "decoder.int8.weights.h5",
        "decoder.int8_qat.weights.h5",
        "tables.npy",
        "images.npz",
        "training.json",
    }
    record = json.loads((folder / "training.json").read_text())
    assert list(record["stages"]) == ["float", "qat", "tables", "tune"]
    assert record["spec_sha256"] == open_spec("tiny", loop.models)[1].digest
    assert record["seed"] == 1 and record["versions"]["tensorflow"]
    assert len(record["stages"]["float"]["history"]) == 2
    assert record["stages"]["qat"]["control"]["epochs"] == record["stages"]["qat"]["epochs"] == 1
    with np.load(folder / "images.npz") as images:
        assert images["calibration"].shape == (50, 16, 16, 3)
        assert images["samples"].shape == (64, 16, 16, 3)


def test_calibration_images_are_of_the_training_split_and_samples_of_the_test_split(loop: Any) -> None:
    from host.data.skimage_patches import load

    train, test = ({image.tobytes() for image in part.array} for part in load(16))
    with np.load(loop.models / "tiny" / "images.npz") as images:
        assert {image.tobytes() for image in images["calibration"]} <= train
        assert {image.tobytes() for image in images["samples"]} <= test


def test_the_bundle_holds_every_variant_on_one_grid(loop: Any) -> None:
    bundle = read_bundle(loop.bundles / "tiny")
    assert sorted(bundle.variants) == sorted(VARIANTS)
    for name in ("int8", "int8_qat"):
        variant = bundle.variant(name)
        assert (variant.input.scale, variant.input.zero_point) == (pytest.approx(1 / 255, rel=1e-6), -128)
        assert variant.tensor.scale == pytest.approx(variant.output.grid.scale, rel=1e-6)
        assert variant.tensor.zero_point == variant.output.grid.zero_point
        assert "DEQUANTIZE" not in variant.ops and "QUANTIZE" not in variant.ops
    sizes = {name: variant.network_bytes for name, variant in bundle.variants.items()}
    assert sizes["int8"] < sizes["float32"]
    assert len({variant.tag for variant in bundle.variants.values()}) == len(VARIANTS)


def test_the_bench_measured_every_variant(loop: Any) -> None:
    run = read_run(loop.run)
    assert sorted(row.variant for row in run.rows) == sorted(VARIANTS)
    for row in run.rows:
        assert row.ok and row.outputs, row.error
        assert len(row.processes) == 2
        for process in row.processes:
            assert len(process.samples["encode_ns"]) >= 10 and len(process.warmup_ns) >= 5
        assert len(row.outputs.images) == 64
    assert run.bundles["tiny"].bundle_sha256 == read_bundle(loop.bundles / "tiny").sha256


def test_the_device_needs_none_of_the_workstations_packages(loop: Any) -> None:
    if loop.python.parent.parent.name != ".venv-device":
        pytest.skip("no .venv-device here: make setup")
    code = (
        "import importlib.util as u\n"
        "names = ['tensorflow', 'tf_keras', 'click', 'psutil', 'host', 'skimage']\n"
        "print([name for name in names if u.find_spec(name)])"
    )
    done = subprocess.run([loop.python, "-c", code], cwd=loop.device, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert read_run(loop.run).environment["python"].count(".") == 2


def test_every_variant_and_tuned_decoder_comes_home(collected: Any) -> None:
    _, rows = collected
    assert sorted(rows) == sorted(VARIANTS + TUNED)
    assert not [row.error for row in rows.values() if row.error]


def test_quantization_costs_little(collected: Any, evaluated: Result) -> None:
    for rows in (collected[1], {row.row: row for row in evaluated.rows}):
        reference = rows["float32"].metrics["psnr_db"]
        assert reference > 24
        for name in ("float16", "dynamic_range", "int8", "int16x8", "int8_qat", *TUNED):
            assert abs(rows[name].metrics["psnr_db"] - reference) < 1.0, name
        for name in VARIANTS:
            assert 0.5 < rows[name].metrics["ssim"] <= 1


def test_what_crossed_the_wire_is_payload_and_16_bytes(loop: Any, collected: Any) -> None:
    for row in read_run(loop.run).rows:
        streams = read_outputs(loop.run, row)
        sizes = collected[1][row.variant].sizes
        assert [len(stream) for stream in streams] == [size + 16 for size in row.sizes["payload_bytes"]]
        assert sizes["bitstream_bytes"] == pytest.approx(np.mean([len(stream) for stream in streams]))
        assert sizes["payload_bytes"] == pytest.approx(sizes["bitstream_bytes"] - 16)
        assert sizes["latent_bytes"] == 64 and set(row.sizes["latent_bytes"]) == {64}
        assert sizes["payload_bytes"] < sizes["latent_bytes"]


def test_every_row_tells_its_three_ratios(collected: Any, evaluated: Result) -> None:
    for row in (*collected[1].values(), *evaluated.rows):
        image = 16 * 16 * 3
        assert row.ratios["float32_latent"] == image / (4 * 64) and row.ratios["nominal"] == image / 64
        assert row.ratios["actual"] == pytest.approx(image / row.sizes["bitstream_bytes"])
        if row.variant in ("float32", "float16", "dynamic_range"):
            assert row.sizes["uncoded_latent_bytes"] == 4 * 64  # counted by the device's code
        else:
            assert "uncoded_latent_bytes" not in row.sizes


def test_the_decoded_codes_are_those_that_the_device_made(loop: Any) -> None:
    for row in read_run(loop.run).rows:
        home = find_decoders(loop.build, row.tag)
        decoders = TASKS[home.task].decoders(home)
        codes = [decoders.numbers(unpack(stream)[1], 16, 16) for stream in read_outputs(loop.run, row)]
        assert sha256_bytes(b"".join(each.tobytes() for each in codes)) == row.numbers_sha256


def test_device_and_workstation_make_the_same_bitstreams(loop: Any) -> None:
    bundle = read_bundle(loop.bundles / "tiny")
    for row in read_run(loop.run).rows:
        encoder = Pipeline(bundle, row.variant)
        assert [encoder.encode(image) for image in bundle.read_samples()] == read_outputs(loop.run, row)


def test_the_written_evaluation_is_strict_json(collected: Any) -> None:
    def refuse(name: str) -> None:
        raise AssertionError(name)

    text = (collected[0] / "evaluation.json").read_text()
    value = json.loads(text, parse_constant=refuse)
    assert value["results"][0]["images"] == 64
    assert text.endswith("}\n")


def test_the_full_model_gives_what_the_split_pair_gives(loop: Any) -> None:
    bundle = read_bundle(loop.bundles / "tiny")
    images = bundle.read_samples()
    wrong = {}
    for name, variant in bundle.variants.items():
        decoders = TASKS["compression"].decoders(find_decoders(loop.build, variant.tag))
        pipeline, whole = Pipeline(bundle, name), decoders.whole()
        assert whole
        codes = [pipeline.numbers(image) for image in images]
        split = np.stack(decoders.restore("own", codes, [(16, 16)] * len(codes))).astype(int)
        difference = np.abs(split - np.stack([whole(image) for image in images]))
        # The full int16x8 model keeps a latent of 16 bits, which the split pair sends as 8.
        highest, mean = (8, 1.0) if name == "int16x8" else (2, 0.1)
        if difference.max() > highest or difference.mean() > mean:
            wrong[name] = (int(difference.max()), float(difference.mean()))
    assert not wrong


def test_evaluate_and_collect_agree_on_the_same_images(loop: Any, collected: Any, evaluated: Result) -> None:
    assert (evaluated.images, evaluated.loss, evaluated.source) == (40, "mse", "test set")
    assert evaluated.parameters == {"encoder": 1096, "decoder": 306}
    assert sorted(row.row for row in evaluated.rows) == sorted(VARIANTS + TUNED)
    for row in evaluated.rows:
        assert row.tag == collected[1][row.row].tag
        assert set(row.latency) == ({"device", "decoder", "full"} if row.decoder == "own" else {"device"})
        assert all(times.n >= 5 for times in row.latency.values())


def test_the_keras_row_is_the_float32_row(loop: Any, evaluated: Result) -> None:
    from host.data.skimage_patches import load
    from host.tasks.compression.baselines import keras_row

    row = keras_row(ModelFolder(open_spec(loop.models / "tiny")[1]), load(16)[1].array[:40])
    (reference,) = (each for each in evaluated.rows if each.row == "float32")
    assert row.metrics["psnr_db"] == pytest.approx(reference.metrics["psnr_db"], abs=0.02)
    assert set(row.latency) == {"device", "decoder", "full"}
    assert row.sizes["full_bytes"] > 10_000


def test_a_second_export_finds_everything_up_to_date(loop: Any) -> None:
    before = {name: (loop.bundles / name).stat().st_mtime_ns for name in files(loop.bundles)}
    assert list(export_all(["tiny"], models=loop.models, **places(loop))) == ["tiny: up to date"]
    assert {name: (loop.bundles / name).stat().st_mtime_ns for name in files(loop.bundles)} == before


def test_a_damaged_export_is_made_again_with_the_same_bytes(loop: Any, tmp_path: Path) -> None:
    # In a fresh process, and in this one after other networks: the names that Keras numbers are in the files.
    folders = {"bundles": tmp_path / "bundles", "build": tmp_path / "build"}
    (line,) = export_all(["tiny"], models=loop.models, **folders)
    assert line.startswith("tiny: ") and "int8 " in line
    assert files(folders["bundles"]) == files(loop.bundles)
    assert files(folders["build"]) == files(loop.build)
    tag = read_bundle(loop.bundles / "tiny").variant("int8").tag
    (damaged,) = folders["build"].rglob(f"{tag}/decoder.tflite")
    damaged.write_bytes(b"damaged")
    export(loop.models / "tiny", **folders)
    assert files(folders["bundles"]) == files(loop.bundles)
    assert files(folders["build"]) == files(loop.build)


def test_other_weights_are_another_model_and_leave_the_old_tags(loop: Any, tmp_path: Path) -> None:
    models = Path(shutil.copytree(loop.models, tmp_path / "models"))
    bundles = Path(shutil.copytree(loop.bundles, tmp_path / "bundles"))
    build = Path(shutil.copytree(loop.build, tmp_path / "build"))
    with h5py.File(models / "tiny" / "float.weights.h5", "r+") as weights:
        weights["encoder/000"][...] *= 1.01
    before, old = files(build), read_bundle(bundles / "tiny")
    export(models / "tiny", bundles=bundles, build=build)
    new = read_bundle(bundles / "tiny")
    assert new.model_sha256 != old.model_sha256
    assert new.spec_sha256 == old.spec_sha256
    assert new.variant("int8").tag != old.variant("int8").tag
    tag = old.variant("int8").tag
    after = files(build)
    for name, content in before.items():
        if f"/{tag}/" in f"/{name}":
            assert after[name] == content
    assert find_decoders(build, tag).names == ("own", "tuned")
    # So what the device sent before is still decoded.
    (run,) = collect(loop.run, results=tmp_path / "results", bundles=bundles, build=build)
    assert [row.error for row in run.results[0].rows if row.row == "int8"] == [None]


@pytest.fixture
def with_recipes(loop: Any, tmp_path: Path) -> Callable[[dict[str, Any]], Path]:
    """The tiny model's folder, a copy, with recipes in its spec."""

    def make(recipes: dict[str, Any]) -> Path:
        folder = Path(shutil.copytree(loop.models / "tiny", tmp_path / "models" / "tiny"))
        spec = json.loads((folder / "spec.json").read_text())
        spec["quantization"]["recipes"] = {name: {"weights": "float", **recipe} for name, recipe in recipes.items()}
        (folder / "spec.json").write_text(json.dumps(spec))
        return folder

    return make


def test_recipes_of_the_second_converter_run_on_the_device(loop: Any, with_recipes: Any, tmp_path: Path) -> None:
    layers = {"correction": "int16", "encoder/sum": "int16", "decoder/out": "float32"}
    model = with_recipes({"mixed": {"conversion": "mixed", "layers": layers}, "four": {"conversion": "int4_weights"}})
    folders = {"bundles": tmp_path / "bundles", "build": tmp_path / "build"}
    export(model, **folders)
    old, bundle = read_bundle(loop.bundles / "tiny"), read_bundle(folders["bundles"] / "tiny")
    assert {name: bundle.variants[name].tag for name in old.variants} == {n: v.tag for n, v in old.variants.items()}
    image, int8 = bundle.read_samples()[0], Pipeline(bundle, "int8")
    for name, most in (("mixed", 1.0), ("four", 4.0)):
        codes = Pipeline(bundle, name).numbers(image).astype(int)
        assert np.abs(codes - int8.numbers(image)).mean() < most
        decoders = TASKS["compression"].decoders(find_decoders(folders["build"], bundle.variant(name).tag))
        payload = unpack(Pipeline(bundle, name).encode(image))[1]
        (restored,) = decoders.restore("own", [decoders.numbers(payload, 16, 16)], [(16, 16)])
        np.testing.assert_allclose(restored.astype(int), decoders.whole()(image).astype(int), atol=2)
    assert "QUANTIZE" in bundle.variant("mixed").ops


def test_a_layer_that_no_network_has_is_refused_before_anything_is_converted(with_recipes: Any, tmp_path: Path) -> None:
    model = with_recipes({"mixed": {"conversion": "mixed", "layers": {"corection": "int16"}}})
    with pytest.raises(
        SpecError, match=r'recipes\.mixed\.layers: "corection" matches no layer; did you mean correction'
    ):
        export(model, bundles=tmp_path / "bundles", build=tmp_path / "build")
    assert not (tmp_path / "bundles").exists()


def test_halves_that_do_not_fit_are_refused_and_write_no_bundle(
    loop: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from host.tasks.compression import packaging as conversions

    def misfit(halves: Any, part: str, *arguments: Any) -> bytes:
        if part == "decoder":
            halves = replace(halves, grid=replace(halves.grid, scale=2 * halves.grid.scale))
        return convert(halves, part, *arguments)

    monkeypatch.setattr(conversions, "convert", misfit)
    monkeypatch.setattr(conversions, "recipes", lambda spec: {"int8": DEFAULTS["int8"]})
    with pytest.raises(ExportError, match=r"latent input: scale .* encoder and decoder must share one grid"):
        export(loop.models / "tiny", bundles=tmp_path / "bundles", build=tmp_path / "build")
    assert not (tmp_path / "bundles").exists()
