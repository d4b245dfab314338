"""Conversions of a tiny network: the grids at both ends, and the split pair against the full model."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tf_keras as keras

from device.outputs.codes import LatentGrid
from device.quantization import TensorInfo, same_grid
from device.runtime import make_interpreter, op_names, tensor_infos
from host.errors import ExportError
from host.networks.builder import build, initialize
from host.networks.grid import on_grid
from host.quantization.aware import set_ranges
from host.quantization.execution import TfliteDecoder, TfliteEncoder, open_full
from host.quantization.recipes import CONVERSIONS, Conversion, Job
from host.spec.parsing import parse_spec
from host.spec.types import RecipeSpec, Spec
from host.tasks.compression.halves import Halves, aware_halves, convert
from host.tasks.compression.packaging import check_decoder
from host.tasks.compression.spec import SECTIONS


@pytest.fixture(scope="module")
def convert_once(photos: np.ndarray, tiny_text: str) -> Any:
    """(part, conversion, quantized) -> (.tflite content, halves); the network is started, with small random rests."""
    value = json.loads(tiny_text)
    value["decoder"][0]["initializer"] = value["encoder"][0]["initializer"]
    value["decoder"][2]["initializer"] = {"name": "random_normal", "stddev": 0.02}
    spec = parse_spec(value, Path("models/tiny/spec.json"), SECTIONS)
    calibration = photos[:40] / np.float32(255)

    @cache
    def convert_part(part: str, conversion: str, quantized: bool = False) -> tuple[bytes, Halves]:
        halves = start(spec, photos, quantized)
        return convert(halves, part, recipe(conversion), calibration), halves

    return convert_part


def start(spec: Spec, photos: np.ndarray, quantized: bool) -> Halves:
    keras.backend.clear_session()
    encoder, decoder = build(spec)
    initialize(spec, encoder, decoder, photos)
    grid = LatentGrid(*encoder.output_shape[1:], spec.options.scale, 0)
    if not quantized:
        return Halves(encoder, decoder, grid, False)
    images = photos[:100] / np.float32(255)
    aware = aware_halves(encoder, decoder, grid)
    set_ranges(aware[0], encoder, images)
    set_ranges(aware[1], decoder, on_grid(encoder(images), grid).numpy())
    aware[1](aware[0](images, training=True), training=True)  # the kernels' ranges
    return Halves(*aware, grid, True)


def recipe(conversion: str) -> RecipeSpec:
    return RecipeSpec("float", conversion, 0)


def ends(data: bytes) -> tuple[TensorInfo, TensorInfo]:
    return tensor_infos(make_interpreter(data))


@pytest.mark.parametrize("quantized", [False, True])
def test_an_int8_encoder_reads_plain_pixels_and_ends_on_the_grid(quantized: bool, convert_once: Any) -> None:
    data, halves = convert_once("encoder", "int8", quantized)
    source, latent = ends(data)
    assert (source.dtype, source.zero_point, latent.dtype) == ("int8", -128, "int8")
    assert source.scale == pytest.approx(1 / 255, rel=1e-6)
    assert same_grid(latent.scale, latent.zero_point, halves.grid.scale, halves.grid.zero_point)
    # Ending on the grid costs no extra requantization at the end.
    assert "DEQUANTIZE" not in op_names(make_interpreter(data))


@pytest.mark.parametrize("quantized", [False, True])
def test_an_int8_decoder_reads_the_grid_and_writes_plain_pixels(quantized: bool, convert_once: Any) -> None:
    data, halves = convert_once("decoder", "int8", quantized)
    latent, image = ends(data)
    check_decoder("tiny", latent, halves.grid)
    assert same_grid(latent.scale, latent.zero_point, halves.grid.scale, halves.grid.zero_point)
    assert (image.dtype, image.zero_point) == ("int8", -128)
    assert image.scale == pytest.approx(1 / 255, rel=1e-6)


def test_a_16_bit_decoder_reaches_the_grids_ends(convert_once: Any) -> None:
    data, halves = convert_once("decoder", "int16x8")
    latent, _ = ends(data)
    assert latent.dtype == "int16"
    check_decoder("tiny", latent, halves.grid)


def test_calibration_without_black_and_white_gives_plain_pixels_all_the_same(
    convert_once: Any, photos: np.ndarray
) -> None:
    _, halves = convert_once("encoder", "int8")
    grey = np.float32(0.3) + np.float32(0.4 / 255) * photos[:10]
    source, latent = ends(convert(halves, "encoder", recipe("int8"), grey))
    assert same_grid(source.scale, source.zero_point, 1 / 255, -128)
    assert same_grid(latent.scale, latent.zero_point, halves.grid.scale, halves.grid.zero_point)


@pytest.mark.parametrize("conversion", ["float32", "float16", "dynamic_range"])
def test_float_conversions_have_float_ends_and_no_larger_file(conversion: str, convert_once: Any) -> None:
    data, _ = convert_once("encoder", conversion)
    assert [info.dtype for info in ends(data)] == ["float32", "float32"]
    if conversion != "float32":
        assert len(data) <= len(convert_once("encoder", "float32")[0])


@pytest.mark.parametrize("conversion", list(CONVERSIONS))
def test_every_encoder_makes_nearly_the_codes_of_the_network(
    conversion: str, convert_once: Any, photos: np.ndarray
) -> None:
    data, halves = convert_once("encoder", conversion)
    expected = on_grid(halves.encoder(photos[:50] / np.float32(255)), halves.grid).numpy() / halves.grid.scale
    difference = np.abs(TfliteEncoder(data, halves.grid).codes(photos[:50]) - expected)
    most = {"float32": 0.01, "float16": 0.1, "int16x8": 0.5, "int4_dynamic": 3.0, "int4_weights": 3.0}
    assert difference.mean() < most.get(conversion, 1.0)


@pytest.mark.parametrize(
    ("conversion", "quantized"),
    [("float32", False), ("int8", False), ("int8", True), ("mixed", False), ("int4_weights", False)],
)
def test_the_split_pair_gives_what_the_full_model_gives(
    conversion: str, quantized: bool, convert_once: Any, photos: np.ndarray
) -> None:
    encoder, decoder, full = (convert_once(part, conversion, quantized)[0] for part in ("encoder", "decoder", "full"))
    grid = convert_once("encoder", conversion, quantized)[1].grid
    images = photos[100:200]
    codes = TfliteEncoder(encoder, grid).codes(images)
    split = TfliteDecoder(decoder, grid).images(codes).astype(int)
    difference = np.abs(split - np.stack([*map(open_full(full), images)]))
    assert difference.max() <= 2
    assert difference.mean() < 0.1
    assert np.mean((split - images) ** 2.0) < 0.01 * 255**2  # and it is the image


@pytest.mark.parametrize("conversion", ["float32", "int8", "int16x8", "mixed"])
def test_the_same_network_gives_the_same_bytes(conversion: str, convert_once: Any, photos: np.ndarray) -> None:
    data, _ = convert_once("encoder", conversion)
    convert_once.cache_clear()
    assert convert_once("encoder", conversion)[0] == data


def test_a_second_converter_is_one_entry_and_one_function(
    convert_once: Any, photos: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    halves, given = convert_once("encoder", "float32")[1], []

    def toy_converter(job: Job) -> bytes:
        given.append((job.network.output_shape, job.conversion.weights, job.samples))
        if job.conversion.activations != "float32":
            raise ExportError("a toy has no integers")
        return b"toy"

    monkeypatch.setitem(CONVERSIONS, "weights4", Conversion(toy_converter, "int4", "float32"))
    monkeypatch.setitem(CONVERSIONS, "int4", Conversion(toy_converter, "int4", "int4"))
    images = photos[:3] / np.float32(255)
    assert convert(halves, "encoder", recipe("weights4"), images) == b"toy"
    assert given == [((1, *halves.grid.shape), "int4", None)]
    with pytest.raises(ExportError, match=r"^decoder: cannot be converted to int4 \(a toy has no integers\)$"):
        convert(halves, "decoder", recipe("int4"), images)
    assert len(given[-1][2]) == 3 and given[-1][2][0].shape == halves.grid.shape
