"""Parts of a model as files of their own: loaded back without splitlite, they compute what the halves compute."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import host
from device.bundle import read_bundle
from device.errors import SplitliteError
from host import api
from host.errors import ExportError, ModelError
from host.packaging.decoders import find_decoders
from host.packaging.export import read_record
from host.packaging.parts import FORMATS, PARTS
from host.quantization.execution import dequantize

Write = Callable[..., Path]


@pytest.fixture
def write(loop: Any, tmp_path: Path) -> Write:
    """Exports a part of the tiny model; returns where."""

    def make(part: str, file: str, **options: Any) -> Path:
        folders = {"models": loop.models, "bundles": loop.bundles, "build": loop.build}
        api.export_part(loop.name, part, tmp_path / file, **folders, **options)
        return tmp_path / file

    return make


@pytest.fixture(scope="module")
def images(loop: Any) -> np.ndarray:
    return read_bundle(loop.bundles / loop.name).read_samples()[:8]


def interpret(content: bytes, values: np.ndarray) -> np.ndarray:
    """Each value through a .tflite file, with TensorFlow's own interpreter."""
    import tensorflow as tf

    interpreter = tf.lite.Interpreter(model_content=content)
    interpreter.allocate_tensors()
    found = []
    for value in values:
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], value[None])
        interpreter.invoke()
        found.append(interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0])
    return np.stack(found)


def halves(loop: Any, variant: str) -> tuple[bytes, bytes]:
    bundle = read_bundle(loop.bundles / loop.name)
    return bundle.read_network(variant), find_decoders(loop.build, bundle.variant(variant).tag).read("own")


@pytest.mark.parametrize("variant", ["int8", "int8_qat"])
def test_the_full_int8_file_is_the_two_int8_halves_to_the_bit(
    variant: str, loop: Any, write: Write, images: np.ndarray
) -> None:
    encoder, decoder = (write(part, f"{part}.tflite", variant=variant).read_bytes() for part in PARTS[:2])
    assert (encoder, decoder) == halves(loop, variant)
    pixels = (images ^ 0x80).view(np.int8)
    expected = interpret(decoder, interpret(encoder, pixels))
    found = interpret(write("full", "full.tflite", variant=variant).read_bytes(), pixels)
    assert found.dtype == np.int8 and len(np.unique(found)) > 20
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("variant", ["float32", "float16", "dynamic_range"])
def test_a_full_float_file_is_the_halves_with_the_latent_on_its_grid(
    variant: str, loop: Any, write: Write, images: np.ndarray
) -> None:
    encoder, decoder = halves(loop, variant)
    grid = read_bundle(loop.bundles / loop.name).variant("int8").output.grid
    pixels = images / np.float32(255)
    codes = np.clip(np.rint(interpret(encoder, pixels) / grid.scale), -128, 127).astype(np.int8)
    found = interpret(write("full", "full.tflite", variant=variant).read_bytes(), pixels)
    expected = interpret(decoder, dequantize(codes, grid))
    assert np.abs(found - expected).max() < 0.05 and np.abs(found - expected).mean() < 1e-3
    unrounded = interpret(decoder, interpret(encoder, pixels))
    assert np.abs(found - unrounded).mean() > 3 * np.abs(found - expected).mean()


def expected_of(part: str, loop: Any, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What a float part reads, and what the packaged float32 halves make of it."""
    encoder, decoder = halves(loop, "float32")
    pixels = images / np.float32(255)
    latents = interpret(encoder, pixels)
    grid = read_bundle(loop.bundles / loop.name).variant("int8").output.grid
    on_grid = dequantize(np.clip(np.rint(latents / grid.scale), -128, 127).astype(np.int8), grid)
    if part == "encoder":
        return pixels, latents
    return (on_grid if part == "decoder" else pixels), interpret(decoder, on_grid)


def check_close(found: np.ndarray, expected: np.ndarray) -> None:
    # A latent half way between two codes may round either way: a few values of `full` differ by more.
    assert found.shape == expected.shape and np.quantile(np.abs(found - expected), 0.95) < 1e-5
    assert np.abs(found - expected).max() < 0.05


@pytest.mark.parametrize("part", PARTS)
def test_a_saved_model_loads_with_tensorflow_alone(
    part: str, loop: Any, write: Write, images: np.ndarray, tmp_path: Path
) -> None:
    source, expected = expected_of(part, loop, images)
    write(part, "saved", format="saved_model")
    np.save(tmp_path / "in.npy", source)
    # In a process of its own, in another folder: nothing of splitlite is at hand there.
    code = (
        "import sys, numpy as np, tensorflow as tf; loaded = tf.saved_model.load('saved');"
        f"found = loaded.signatures['serving_default']({'latent' if part == 'decoder' else 'image'}=np.load('in.npy'));"
        f"np.save('out.npy', found['{'latent' if part == 'encoder' else 'image'}']);"
        "assert 'host' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    check_close(np.load(tmp_path / "out.npy"), expected)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.npy", "out.npy", "saved"]


@pytest.mark.parametrize("part", PARTS)
def test_a_keras_file_loads_with_tf_keras_alone(
    part: str, loop: Any, write: Write, images: np.ndarray, tmp_path: Path
) -> None:
    source, expected = expected_of(part, loop, images)
    write(part, "part.keras", format="keras")
    np.save(tmp_path / "in.npy", source)
    code = (
        "import sys, numpy as np, tf_keras as keras; model = keras.models.load_model('part.keras');"
        "np.save('out.npy', model.predict(np.load('in.npy'), verbose=0));"
        "assert 'host' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    check_close(np.load(tmp_path / "out.npy"), expected)


def test_from_python_a_part_has_a_name_of_its_own_where_none_is_given(
    loop: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folders = {"bundles": loop.bundles, "build": loop.build}
    written = host.export(loop.models / loop.name, part="encoder", variant="float32", **folders)
    assert written == Path("tiny.encoder.tflite") and written.read_bytes() == halves(loop, "float32")[0]
    assert host.export(loop.models / loop.name, **folders) == loop.bundles / loop.name


def test_what_cannot_be_written_is_one_line(loop: Any, write: Write, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "file").write_text("")
    for part, file, options, error, words in (
        ("encoder", "x.tflite", {"variant": "int4"}, ExportError, "tiny: no variant 'int4'; available: dynamic_range"),
        (
            "encoder",
            "x.keras",
            {"variant": "int8", "format": "keras"},
            ExportError,
            "no int8 as keras: .* --variant float",
        ),
        ("full", "x", {"variant": "int8_qat", "format": "saved_model"}, ExportError, "no int8_qat as saved_model"),
        ("middle", "x.tflite", {}, ExportError, "no part 'middle'; available: encoder, decoder, full"),
        ("full", "x.onnx", {"format": "onnx"}, ExportError, "no format 'onnx'; available: tflite, saved_model, keras"),
        ("full", "x.bin", {}, ExportError, r"x\.bin: expected a file whose name ends with \.tflite"),
        ("full", "there", {"format": "saved_model"}, ExportError, "there: there already"),
        ("full", "file/x.tflite", {}, ExportError, r"file/x\.tflite: cannot be written"),
        ("full", "file/x", {"format": "saved_model"}, ExportError, "file/x: cannot be written"),
        ("full", "file/x.keras", {"format": "keras"}, ExportError, r"file/x\.keras: cannot be written"),
    ):
        with pytest.raises(error, match=words) as raised:
            write(part, file, **options)
        assert isinstance(raised.value, SplitliteError) and "\n" not in str(raised.value)
    for form in FORMATS:
        with pytest.raises(ModelError, match=r"nosuch/spec\.json: no such model"):
            api.export_part("nosuch", "full", tmp_path / f"x.{form}", format=form, models=loop.models)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "there"]


def test_a_variant_that_was_left_out_says_why(loop: Any, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    from host.packaging import parts

    record = replace(read_record(loop.build, loop.name), left_out={"int3": "encoder: cannot be converted to int3"})
    monkeypatch.setattr(parts, "read_record", lambda *_: record)
    with pytest.raises(ExportError, match=r"no variant 'int3' \(encoder: cannot be converted to int3\); available"):
        write("full", "x.tflite", variant="int3")
