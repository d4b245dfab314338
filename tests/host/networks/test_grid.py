"""The latent grid inside the network: the codes' own values, and a gradient that passes where a code can follow."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from device.outputs.codes import LatentGrid, make_output_quantizer
from device.quantization import TensorInfo
from host.networks.grid import choose_scale, entropy_bits, grid_range, on_grid
from host.quantization.execution import dequantize

GRID = LatentGrid(1, 1, 8, 0.25, 0)


def test_the_range_is_that_of_the_codes() -> None:
    assert grid_range(GRID) == (-32.0, 31.75)
    assert grid_range(LatentGrid(1, 1, 1, 0.5, -128)) == (0.0, 127.5)


def test_values_are_rounded_to_codes_and_clipped_to_the_ends() -> None:
    latent = tf.constant([0.1, 0.13, -0.3, 5.0, 31.8, 100.0, -32.2, -99.0])
    expected = [0.0, 0.25, -0.25, 5.0, 31.75, 31.75, -32.0, -32.0]
    np.testing.assert_allclose(on_grid(latent, GRID), expected, atol=1e-6)


@given(st.lists(st.floats(-50, 50, width=32), min_size=8, max_size=8))
def test_the_network_trains_on_what_the_device_sends(values: list[float]) -> None:
    latent = np.array(values, np.float32).reshape(1, 1, 1, 8)
    codes = np.empty(GRID.shape, np.int8)
    make_output_quantizer(TensorInfo("latent", latent.shape, "float32", 0.0, 0), GRID)(latent, codes)
    np.testing.assert_allclose(on_grid(tf.constant(latent), GRID)[0], dequantize(codes, GRID), atol=1e-5)


@pytest.mark.parametrize(("value", "gradient"), [(0.1, 1), (-31.9, 1), (31.7, 1), (31.9, 0), (-40.0, 0)])
def test_the_gradient_passes_inside_the_grid_and_not_outside(value: float, gradient: float) -> None:
    latent = tf.Variable(value)
    with tf.GradientTape() as tape:
        result = on_grid(latent, GRID) * 3.0
    assert float(tape.gradient(result, latent)) == 3.0 * gradient


def test_entropy_is_the_mean_of_the_channels_own() -> None:
    codes = np.zeros((4, 1, 2, 3), np.int16)
    codes[:, 0, :, 1] = np.array([0, 1, 2, 3])[:, None]  # 2 bits
    codes[:2, 0, :, 2] = -9  # 1 bit
    assert entropy_bits(codes) == pytest.approx((0 + 2 + 1) / 3)


@pytest.mark.parametrize("bits", [2.0, 4.5, 6.0])
def test_the_chosen_scale_is_the_finest_within_the_bits(bits: float) -> None:
    latents = np.random.default_rng(3).normal(0, [0.3, 1.0, 2.0], (500, 4, 4, 3)).astype(np.float32)

    def found(scale: float) -> float:
        return entropy_bits(np.clip(np.rint(latents / np.float32(scale)), -128, 127))

    scale = choose_scale(latents, bits)
    assert scale == np.float32(scale) and scale * 4096 == int(scale * 4096)
    assert found(scale) <= bits < found(scale - 1 / 4096) + 0.02
    assert found(scale) > bits - 0.05
