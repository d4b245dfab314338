"""A channel that black or white saturates: scaled down in the encoder, up in the decoder, and nothing else changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from host.data import DataSet
from host.errors import ModelError
from host.spec.types import Spec
from host.tasks.codec.fitting import fit_reach
from host.tasks.codec.networks import Codec, build_codec
from host.tasks.codec.stages import begin


def test_a_step_too_fine_for_white_is_cured(
    parse_codec: Callable[[Any], Spec], tiny_codec: dict[str, Any], images: DataSet
) -> None:
    codec = build_codec(parse_codec(tiny_codec))
    begin(codec, images)
    last = codec.encoder.layers[-1]
    last.set_weights([weight * np.array([4] + 11 * [1]) for weight in last.get_weights()])
    shift = codec.decoder.get_layer("dequantized").shift
    shift.assign(tf.zeros_like(shift))  # the one thing that is in codes, not in units of the latent
    image = tf.constant(np.concatenate([np.full((1, 22, 22, 3), value, np.float32) for value in (0, 0.4, 1)]))
    quality = tf.constant([1, 1, 1])
    before = codec.quantizer.in_steps(codec.encoder(image), quality)
    bits, restored = codec.prior(before, quality), codec.decoder([before, quality])
    assert np.abs(before).max() > 127

    scales = fit_reach(codec)

    after = codec.quantizer.in_steps(codec.encoder(image), quality)
    assert scales[0] < 1 and (scales[3:] == 1).all()
    assert np.abs(after).max() == pytest.approx(126.5, abs=0.01)
    np.testing.assert_allclose(after, before * scales, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(codec.decoder([after, quality]), restored, atol=1e-3)
    assert np.isfinite(bits).all() and np.isfinite(codec.prior(after, quality)).all()
    assert (fit_reach(codec) > 0.999).all()


def test_what_has_room_is_left_alone(exported: tuple[Codec, Any, Path]) -> None:
    codec = exported[0]
    weights = codec.encoder.get_weights()
    assert (fit_reach(codec) == 1).all()
    for one, other in zip(weights, codec.encoder.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_decoder_that_cannot_take_it_is_named(parse_codec: Callable[[Any], Spec], tiny_codec: dict[str, Any]) -> None:
    tiny_codec["decoder"].insert(1, {"layer": "ReLU", "name": "kept"})
    codec = build_codec(parse_codec(tiny_codec))
    layer = codec.encoder.layers[-1]
    layer.set_weights([100 * abs(weight) for weight in layer.get_weights()])
    with pytest.raises(ModelError, match="decoder layer kept: black or white saturates"):
        fit_reach(codec)
