"""The converted encoder: the tensor's scale is the step, every quality from one file, any size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from device.runtime import make_interpreter, tensor_infos
from host.data import DataSet
from host.spec.types import Spec
from host.tasks.codec.int8 import Int8Encoder, convert_encoder, step_offset, with_step
from host.tasks.codec.networks import Codec, build_codec, padded
from host.tasks.codec.stages import begin


@pytest.fixture
def codec(parse_codec: Callable[[Any], Spec], tiny_codec: dict[str, Any], images: DataSet) -> Codec:
    codec = build_codec(parse_codec(tiny_codec))
    begin(codec, images)
    return codec


def test_the_ends_are_fixed_and_four_bytes_make_a_quality(codec: Codec) -> None:
    model = convert_encoder(codec, 4, 4)
    source, latent = tensor_infos(make_interpreter(model))
    assert (source.dtype, source.scale, source.zero_point) == ("int8", pytest.approx(1 / 255), -128)
    assert (latent.dtype, latent.scale, latent.zero_point) == ("int8", 1.0, 0)
    other = with_step(model, 0.7)
    assert len(other) == len(model)
    assert {i for i, (a, b) in enumerate(zip(model, other, strict=True)) if a != b} <= set(
        range(step_offset(model), step_offset(model) + 4)
    )
    assert tensor_infos(make_interpreter(other))[1].scale == np.float32(0.7)


@pytest.mark.parametrize("quality", [0, 1])
def test_its_codes_are_those_of_the_float_encoder(codec: Codec, images: DataSet, quality: int) -> None:
    image = images.validation.images[0][:61, :75]
    found = Int8Encoder(convert_encoder(codec, 4, 4), codec.spec).image_codes(image, quality)
    y = codec.encoder(tf.constant(padded(image, codec.spec)[None] / np.float32(255)))
    expected = codec.quantizer.codes(y, tf.constant([quality])).numpy()[0]
    assert found.shape == (16, 19, 12)
    difference = np.abs(found - expected)
    assert difference.max() <= 1 and (difference > 0).mean() < 0.01


def test_a_strip_has_the_codes_of_the_whole(codec: Codec) -> None:
    """To the bit: the device may cut an image as it likes."""
    spec = codec.spec
    image = np.random.default_rng(0).integers(0, 256, (40, 32, 3)).astype(np.uint8)
    piece = padded(image, spec)
    whole = Int8Encoder(convert_encoder(codec, 10, 8), spec).codes(piece, 1)
    strips = Int8Encoder(convert_encoder(codec, 5, 8), spec)
    rows = 5 * spec.options.grid.block
    parts = [strips.codes(piece[top : top + rows + 6], 1) for top in (0, rows)]
    assert np.array_equal(np.concatenate(parts), whole)
