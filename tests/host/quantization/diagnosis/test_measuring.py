"""Ratios of signal to noise, and the output's range."""

from __future__ import annotations

import numpy as np
import pytest

from host.quantization.diagnosis.graph import Graph
from host.quantization.diagnosis.measuring import Measured, Noise, decibels
from host.quantization.diagnosis.pair import NetworkPair, real
from host.quantization.diagnosis.simulation import Simulation
from tests.host.quantization.diagnosis.test_editing import run


def test_decibels_are_of_power() -> None:
    noise = Noise()
    noise.add(np.array([3.0, -4.0]), np.array([3.0, -3.5]))
    noise.add(np.array([0.0]), np.array([0.0]))
    assert decibels(noise.relative) == pytest.approx(10 * np.log10(25 / 0.25))
    assert (noise.low, noise.high) == (-4, 3)
    assert decibels(0) is None and Noise().relative == 0
    assert str(decibels(1)) == "0.0"


def test_beyond_its_range_an_output_has_no_error() -> None:
    noise = Noise()
    noise.add(np.array([0.5, 1.8]), np.array([0.5, 1.0]), (0, 1))
    assert (noise.relative, noise.high) == (0, 1.8)


def test_layers_are_measured_in_the_files_themselves(good: NetworkPair) -> None:
    quantized = Graph(good.quantized, good.layers)
    measured = Measured(Simulation(Graph(good.float32, good.layers), quantized), good.inputs[:6])
    found = {layer.layer: layer for layer in measured.layers()}
    grid = quantized.grid(quantized.output)
    assert grid is not None and found["last"].scale == grid.scale[0]
    exact = np.stack([run(good.float32, image)[0] for image in good.inputs[:6]])
    integers = [run(good.quantized, (image * 255 - 128).round().astype(np.int8))[0] for image in good.inputs[:6]]
    error = exact - real(np.stack(integers), grid.scale, grid.zero_point)
    expected = 10 * np.log10(np.square(exact).sum() / np.square(error).sum())
    assert found["last"].sqnr_db == pytest.approx(expected, abs=1e-3)
    assert decibels(measured.quantized_output_noise()) == pytest.approx(expected, abs=1e-3)
    assert found["last"].minimum == pytest.approx(float(exact.min()))
    assert found["first"].ops == ("CONV_2D",) and found["first"].minimum == 0
    assert found["flat"].own_sqnr_db is None and found["flat"].share_percent == 0
