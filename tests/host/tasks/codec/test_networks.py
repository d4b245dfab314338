"""The networks: sizes that fit the halo, pieces that agree with the whole, the block transform as a start."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from host.data import DataSet
from host.errors import SpecError
from host.spec.types import Spec
from host.tasks import open_spec
from host.tasks.codec.networks import build_codec, operations_per_pixel, padded
from host.tasks.codec.stages import begin, start_patches

Parse = Callable[[Any], Spec]


@pytest.fixture
def spec(parse_codec: Parse, tiny_codec: dict[str, Any]) -> Spec:
    return parse_codec(tiny_codec)


def test_the_committed_encoder_keeps_its_limits() -> None:
    codec = build_codec(open_spec("photo")[1])
    assert codec.encoder.count_params() <= 200_000
    assert operations_per_pixel(codec.encoder, 16) <= 3000
    assert codec.decoder.count_params() <= 3_000_000


def test_a_halo_that_does_not_fit_is_refused(parse_codec: Parse, tiny_codec: dict[str, Any]) -> None:
    tiny_codec["latent"]["halo"] = [2, 8]
    with pytest.raises(SpecError, match=r"\$\.latent\.halo: 1 blocks of 4 with halo 2 and 8 are 14 pixels"):
        build_codec(parse_codec(tiny_codec))


def test_a_strip_has_the_latents_of_the_whole(spec: Spec) -> None:
    codec = build_codec(spec)
    image = np.random.default_rng(0).integers(0, 256, (37, 30, 3)).astype(np.uint8)
    piece = padded(image, spec)
    assert piece.shape == (2 + 40 + 4, 2 + 32 + 4, 3)
    whole = codec.encoder(tf.constant(piece[None] / np.float32(255))).numpy()[0]
    assert whole.shape == (10, 8, 12)
    first, count, block = 3, 4, spec.options.grid.block
    strip = piece[first * block : (first + count) * block + spec.options.grid.before + spec.options.grid.after]
    part = codec.encoder(tf.constant(strip[None] / np.float32(255))).numpy()[0]
    np.testing.assert_allclose(part, whole[first : first + count], atol=1e-5)


def test_the_start_is_a_block_transform_and_its_inverse(spec: Spec, images: DataSet) -> None:
    """With all 48 coefficients of a block and no quantization a grey picture comes back."""
    codec = build_codec(spec)
    begin(codec, images)
    patches = start_patches(spec, images)[:20]
    grey = np.repeat(patches.mean(3, keepdims=True), 3, 3).astype(np.float32) / 255
    y = codec.encoder(tf.constant(grey)).numpy()
    codes = y / np.float32(spec.options.steps[1])  # Dequantize multiplies with the step, and moves what is not 0
    codec.decoder.get_layer("dequantized").set_weights([np.zeros((2, 12), np.float32)])
    restored = codec.decoder([tf.constant(codes), tf.constant([1] * 20)]).numpy()
    wanted = grey[:, 2:18, 2:18]
    assert np.mean((restored - wanted) ** 2) < 0.05 * np.var(wanted)


def test_the_prior_begins_near_the_codes(spec: Spec, images: DataSet) -> None:
    codec = build_codec(spec)
    begin(codec, images)
    patches = start_patches(spec, images)[-16:].astype(np.float32) / 255
    quality = tf.constant([0] * 16)
    codes = codec.quantizer.codes(codec.encoder(patches), quality)
    bits = codec.prior(codes, quality).numpy()
    assert 0 < bits.mean() < 3
    total = sum(
        float(tf.reduce_sum(2 ** -codec.prior(tf.fill((1, 1, 1, 12), float(code)), tf.constant([0]))))
        for code in range(-200, 201)
    )
    assert total == pytest.approx(12, rel=1e-2), "probabilities of a channel sum to 1"
