"""Codes: the dead zone, the ranges, the gradient, and the integers of the device that must agree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from host.spec.types import Spec
from host.tasks.codec.int8 import block_grid
from host.tasks.codec.networks import make_quantizer


@pytest.fixture
def spec(parse_codec: Callable[[Any], Spec], tiny_codec: dict[str, Any]) -> Spec:
    return parse_codec(tiny_codec)


def test_a_latent_within_three_quarters_of_a_step_is_zero_where_there_is_a_dead_zone(spec: Spec) -> None:
    quantizer = make_quantizer(spec, 4)  # three plain channels, one with a dead zone
    steps = np.float32([0.4, 0.6, 0.74, 0.76, 1.7, 1.8, -0.74, -0.76])
    y = np.repeat(steps, 4).reshape(1, 1, 8, 4) * np.float32(0.7)
    codes = quantizer.codes(tf.constant(y), tf.constant([1])).numpy()[0, 0]
    assert codes[:, 0].tolist() == [0, 1, 1, 1, 2, 2, -1, -1]
    assert codes[:, 3].tolist() == [0, 0, 0, 1, 1, 2, 0, -1]


def test_halving_the_tensor_towards_zero_gives_the_codes(spec: Spec) -> None:
    quantizer = make_quantizer(spec, 4)
    rng = np.random.default_rng(0)
    y = rng.normal(0, 30, (1, 40, 40, 4)).astype(np.float32)
    unit = np.float32([1, 1, 1, 2])
    tensor = np.clip(np.rint(y / np.float32(spec.options.steps[0]) * unit), -128, 127).astype(np.int8)
    codes = quantizer.codes(tf.constant(y), tf.constant([0])).numpy()
    assert np.array_equal(block_grid(spec, 4, 0).codes(tensor), codes)


def test_every_value_of_the_tensor_has_its_code(spec: Spec) -> None:
    tensor = np.repeat(np.arange(-128, 128).astype(np.int8), 4).reshape(256, 4)
    codes = block_grid(spec, 4, 0).codes(tensor)
    assert np.array_equal(codes[:, 0], np.arange(-128, 128))
    assert np.array_equal(codes[:, 3], np.trunc(np.arange(-128, 128) / 2))


def test_the_gradient_passes_straight_through_inside_the_range(spec: Spec) -> None:
    quantizer = make_quantizer(spec, 4)
    y = tf.constant(np.float32([0.1, 10.0, 1000.0, 0.1]).reshape(1, 1, 1, 4))
    quality = tf.constant([0])
    with tf.GradientTape() as tape:
        tape.watch(y)
        codes = quantizer.codes(y, quality)
        total = tf.reduce_sum(quantizer.straight_through(y, codes, quality))
    assert tape.gradient(total, y).numpy().ravel().tolist() == [0.5, 0.5, 0.0, 0.5]
    assert quantizer.straight_through(y, codes, quality).numpy().ravel().tolist() == [0, 5, 127, 0]


def test_what_the_tensor_cannot_hold_is_counted(spec: Spec) -> None:
    quantizer = make_quantizer(spec, 4)
    y = np.float32([127.4, -129, 128, 63.6]).reshape(1, 1, 1, 4) * 2
    assert int(quantizer.saturated(tf.constant(y), tf.constant([0]))) == 2
    y[..., 3] = 64.1 * 2
    assert int(quantizer.saturated(tf.constant(y), tf.constant([0]))) == 3
