"""A small network that doubles photographs, through train, export, device, evaluate and collect."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.data
from PIL import Image

import device
from device.bundle import read_bundle
from device.outputs.pixels import read_pixels
from device.pipeline import Pipeline
from device.stream import unpack
from host import api
from host.curves.image_codecs import decode_image
from host.errors import DataError, SpecError
from host.kept_pictures import read_pictures
from host.packaging.decoders import read_samples
from host.results import Result
from host.spec.model_folder import ModelFolder
from host.tasks import TASKS, open_spec
from host.tasks.super_resolution.baselines import _running
from host.tasks.super_resolution.networks import load_network
from host.tasks.super_resolution.pairs import enlarged, large_luma, reduced
from tests.conftest import bench, copy_device

from .conftest import Trained  # type: ignore[import-not-found,unused-ignore]

VARIANTS = {"dynamic_range", "float16", "float32", "int16x8", "int8", "int8_inside", "int8_last", "int8_qat"}


@pytest.fixture(scope="module")
def evaluated(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    out = tmp_path_factory.mktemp("evaluations") / "tiny.json"
    return out, api.evaluate(trained.model, out=out, **trained.folders)


def test_every_variant_is_exported(trained: Trained) -> None:
    bundle = read_bundle(trained.bundles / "tiny")
    assert set(bundle.variants) == VARIANTS
    ops = {name: bundle.variant(name).ops for name in VARIANTS}
    assert [name for name in VARIANTS if "DEPTH_TO_SPACE" in ops[name]] == ["int8_inside"]
    dtypes = {name: bundle.variant(name).tensor.dtype for name in VARIANTS}
    assert (dtypes["int8"], dtypes["int16x8"], dtypes["float16"]) == ("int8", "int16", "float32")
    # Only the layer that is chosen computes in int8, between two conversions.
    assert ops["int8_last"].count("CONV_2D") == 2 and ops["int8_last"].count("QUANTIZE") >= 1


def test_the_device_gives_what_keras_gives(trained: Trained) -> None:
    bundle = read_bundle(trained.bundles / "tiny")
    model = ModelFolder(open_spec(trained.model)[1])
    network = load_network(model, "float")
    image = reduced(large_luma(skimage.data.cat()[100:174, 150:194], 2), 2)
    expected = _running(network, 2, 2)(image).astype(int)
    pipeline = Pipeline(bundle, "float32")
    _, payload = unpack(pipeline.encode(image))
    made = read_pixels(payload, pipeline.variant.output, 37, 22)
    assert np.abs(made - expected).max() <= 1
    for name, far in (("int16x8", 2), ("int8", 8), ("int8_inside", 8)):
        assert np.abs(Pipeline(bundle, name).numbers(image) - expected).max() <= far
    np.testing.assert_array_equal(
        Pipeline(bundle, "int8").numbers(image), Pipeline(bundle, "int8_inside").numbers(image)
    )


def test_samples_are_small_and_what_they_were_made_of_stays_home(trained: Trained) -> None:
    bundle = read_bundle(trained.bundles / "tiny")
    originals = read_samples(trained.build, "tiny", bundle.sha256)
    assert originals.array.shape == (1, 150, 150, 3)
    np.testing.assert_array_equal(bundle.read_samples()[0], reduced(large_luma(originals.array[0], 2), 2))


def test_evaluation(evaluated: tuple[Path, Result]) -> None:
    out, result = evaluated
    rows = {row.row: row for row in result.rows}
    assert set(rows) >= VARIANTS | {"bicubic", "keras", "keras qat", "keras last", "simulated w4 a4", "simulated a8"}
    assert [metric.key for metric in result.metrics] == ["psnr_db", "ssim", "least_gain_db"]
    assert result.image_shapes == ((75, 100, 1),)
    psnr = {name: row.metrics["psnr_db"] for name, row in rows.items()}
    assert psnr["float32"] == pytest.approx(psnr["keras"], abs=0.01)
    assert psnr["int8_qat"] == pytest.approx(psnr["keras qat"], abs=0.1)
    assert psnr["simulated w8"] == pytest.approx(psnr["float32"], abs=0.1)
    assert psnr["simulated w4 a4"] < psnr["simulated a8"]
    gain = {name: row.metrics.get("least_gain_db") for name, row in rows.items()}
    assert gain.pop("bicubic") is None
    assert gain == pytest.approx({name: psnr[name] - psnr["bicubic"] for name in gain}), "one image: the mean's gain"
    assert rows["int8"].sizes["bitstream_bytes"] == 16 + 150 * 200
    assert {"pictures.png", "widths.png"} == {path.name for path in out.with_name("tiny-figures").iterdir()}


def test_a_folder_of_pictures_of_any_size(trained: Trained, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    random = np.random.default_rng(1)
    for index, shape in enumerate(((31, 40, 3), (52, 33))):
        Image.fromarray(random.integers(0, 256, shape, dtype=np.uint8)).save(folder / f"{index}.png")
    result = api.evaluate(trained.model, data=folder, out=tmp_path / "mine.json", **trained.folders)
    assert (result.images, result.image_shapes, result.source) == (2, ((15, 20, 1), (26, 16, 1)), "folder mine")


def test_a_picture_that_is_too_small_to_be_judged_is_one_line_before_any_work(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Pipeline, "encode", lambda *_: pytest.fail("encoded"))
    for size in ((5, 40), (40, 1)):  # nothing without the border; less than one pixel of the small image
        folder = tmp_path / f"{size[0]}"
        folder.mkdir()
        Image.fromarray(np.zeros((40, 40, 3), np.uint8)).save(folder / "a.png")
        Image.fromarray(np.zeros((*size, 3), np.uint8)).save(folder / "b.png")
        with pytest.raises(DataError) as raised:
            api.evaluate(trained.model, data=folder, **trained.folders)
        found, wanted = str(raised.value), f"{size[0]} x {size[1]} pixels, expected sides of at least 6; remove it"
        assert found.startswith(f"{folder / 'b.png'}: {wanted}") and "\n" not in found


def test_a_picture_at_the_least_size_is_judged(trained: Trained, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    Image.fromarray(skimage.data.cat()[100:106, 150:157]).save(folder / "a.png")
    options = {"data": folder, "out": tmp_path / "mine.json", "baselines": False}
    result = api.evaluate(trained.model, **options, **trained.folders)
    assert all(np.isfinite(value) for row in result.rows for value in row.metrics.values())


def test_bench_and_collect(trained: Trained, tmp_path: Path) -> None:
    copy_device(tmp_path / "pi", trained.bundles / "tiny")
    run, _ = bench(tmp_path / "pi", "--repetitions", "1", "--runs", "3", "--warmup", "1", "--seconds", "0.001")
    (collected,) = api.collect(run, results=tmp_path / "results", **trained.folders)
    (result,) = collected.results
    rows = {row.row: row for row in result.rows}
    assert set(rows) == VARIANTS and all(row.error is None for row in rows.values())
    assert all("psnr_db" in row.metrics and row.sizes["pixels_bytes"] == 150 * 150 for row in rows.values())
    assert rows["int8"].agreement and rows["int8"].agreement.differing == 0
    (index,) = tmp_path.glob("results/*/*/pictures/pictures.json")
    model = read_pictures(index).models["tiny"]
    assert "PSNR and SSIM leave out a border" in model.remarks[0]
    for picture in model.pictures:
        *shown, bicubic = picture.shown
        assert {each.row for each in shown} == VARIANTS and all(each.beside is None for each in picture.shown)
        assert (bicubic.row, bicubic.title) == ("bicubic", "Bicubic") and set(bicubic.values) == {"psnr_db", "ssim"}
        original, made = (
            decode_image((index.parent / file).read_bytes(), 1) for file in (picture.original, bicubic.file)
        )
        np.testing.assert_array_equal(made, enlarged(reduced(original, 2), 2))


def test_own_pictures_on_the_device_are_timed_and_not_judged(trained: Trained, tmp_path: Path) -> None:
    copy_device(tmp_path / "pi", trained.bundles / "tiny")
    pictures = tmp_path / "mine"
    pictures.mkdir()
    image = np.random.default_rng(2).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    (pictures / "a.ppm").write_bytes(b"P6\n30 20\n255\n" + image.tobytes())
    options = ("--repetitions", "1", "--runs", "3", "--warmup", "1", "--seconds", "0.001", "--variant", "int8")
    run, _ = bench(tmp_path / "pi", *options, "--images", str(pictures))
    (collected,) = api.collect(run, results=tmp_path / "results", images=pictures, **trained.folders)
    (row,) = collected.results[0].rows
    assert (row.error, dict(row.metrics)) == (None, {}) and row.agreement and row.agreement.differing == 0
    assert collected.notes[0].startswith("tiny: nothing is judged: the task super_resolution needs")


def test_a_device_s_upscaler(trained: Trained) -> None:
    upscaler = device.open_upscaler(trained.bundles / "tiny", "int8_qat")
    image = np.random.default_rng(3).integers(0, 256, (21, 34, 3), dtype=np.uint8)
    assert upscaler.upscale(image).shape == (42, 68, 3)


def test_a_stage_that_quantizes_an_unknown_layer_is_one_line(trained: Trained, tmp_path: Path) -> None:
    spec = json.loads((trained.model / "spec.json").read_text())
    spec["training"]["stages"]["last"]["layers"] = ["residuals"]
    model = tmp_path / "models" / "tiny"
    model.mkdir(parents=True)
    (model / "spec.json").write_text(json.dumps(spec))
    for name in ("float.weights.h5", "images.npz", "training.json"):
        (model / name).write_bytes((trained.model / name).read_bytes())
    with pytest.raises(SpecError, match=r'stages\.last\.layers: "residuals" matches no layer; did you mean residual'):
        api.train(model, stages=["last"], verbose=0)


def test_a_later_stage_that_quantizes_an_unknown_layer_is_said_before_the_first_begins(
    pictures: Path, spec_json: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("host.tasks.super_resolution.stages.fit", lambda *_: pytest.fail("trained"))
    spec_json["data"]["path"] = str(pictures)
    spec_json["training"]["stages"]["last"]["layers"] = ["residuals"]
    model = tmp_path / "models" / "tiny"
    model.mkdir(parents=True)
    (model / "spec.json").write_text(json.dumps(spec_json))
    with pytest.raises(SpecError, match=r'stages\.last\.layers: "residuals" matches no layer; did you mean residual'):
        api.train(model, verbose=0)


def test_diagnosis(trained: Trained) -> None:
    model = ModelFolder(open_spec(trained.model)[1])
    pairs = TASKS["super_resolution"].pairs(model, "int8")
    assert pairs.networks[0].inputs.shape == (20, 16, 16, 1) and not pairs.aware


def test_a_picture_is_reconstructed_from_its_reduced_luma(trained: Trained, tmp_path: Path) -> None:
    (found,) = api.reconstruct(
        trained.model, [trained.pictures / "test" / "cat.png"], tmp_path, variant="int8_qat", **trained.folders
    )
    made = np.asarray(Image.open(found.target))
    cat = np.asarray(Image.open(found.file))
    np.testing.assert_array_equal(made[:, :200], large_luma(cat, 2)[..., 0])
    assert made.shape == (150, 600) and found.fitted_from == (151, 201)
    assert "150 x 200 pixels fitted from 151 x 201; PSNR " in found.text() and "bpp" not in found.text()


def test_a_stream_is_judged_against_the_luma_of_its_original(trained: Trained, tmp_path: Path) -> None:
    file = trained.pictures / "test" / "cat.png"
    small = reduced(large_luma(np.asarray(Image.open(file)), 2), 2)
    (tmp_path / "a.bin").write_bytes(Pipeline(read_bundle(trained.bundles / "tiny"), "int8").encode(small))
    (found,) = api.decode([tmp_path / "a.bin"], tmp_path / "a.png", original=file, build=trained.build)
    assert found.shape == (150, 200, 1) and (found.values["psnr_db"] or 0) > 20
    assert "; 30016 bytes; PSNR " in found.text()
