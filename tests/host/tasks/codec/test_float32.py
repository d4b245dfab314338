"""The encoder without rounding: the same weights, other arithmetic, nearly the same codes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import skimage.data
import tensorflow as tf

from benchmarks.float32_encoder import Float32Encoder
from device.bundle import Bundle
from host.tasks.codec.layers import RoundedConv2D, rounded
from host.tasks.codec.networks import Codec, padded

CAT = skimage.data.cat()[20:81, 100:190]


def test_codes_are_nearly_those_of_training(exported: tuple[Codec, Bundle, Path]) -> None:
    codec, _, _ = exported
    codes = Float32Encoder(codec).image_codes(CAT, 1)
    assert codes.dtype == np.int8 and codes.shape == (16, 23, codec.channels)
    pixels = padded(CAT, codec.spec)[None].astype(np.float32) / 255
    trained = codec.quantizer.codes(codec.encoder(pixels), tf.constant([1])).numpy()[0]
    differing = np.mean(codes != trained)
    assert 0 < differing < 0.1 and np.abs(codes - trained).max() == 1


def test_activations_are_not_rounded_and_kernels_are_those_of_training(exported: tuple[Codec, Bundle, Path]) -> None:
    codec, _, _ = exported
    encoder = Float32Encoder(codec)._encoder
    ramp = tf.reshape(tf.linspace(0.0, 1.0, 22 * 22 * 3), (1, 22, 22, 3))
    layer = next(layer for layer in codec.encoder.layers if isinstance(layer, RoundedConv2D))
    assert not np.array_equal(layer.kernel, rounded(layer.kernel))
    plain = tf.nn.conv2d(ramp, rounded(layer.kernel), layer.strides, "VALID") + layer.bias
    assert np.allclose(encoder.get_layer(layer.name)(ramp), plain, atol=1e-6)
    clipped = encoder.get_layer("pixels_range")(tf.constant([-0.5, 0.1234567, 1.5])).numpy()
    assert clipped.tolist() == np.float32([0, 0.1234567, 1]).tolist()
