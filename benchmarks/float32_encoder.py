"""The encoder in float32 arithmetic without rounding inside. The cost of int8 is measured against it.

Its kernels are the trained ones on int8's levels. The unrounded numbers behind them differ by up to half a level each
and were never used as weights. Only the codes themselves are integers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras as keras

from host.tasks.codec.layers import FixedRange, RoundedConv2D, rounded
from host.tasks.codec.networks import Codec, padded


class _Clip(keras.layers.Layer):
    """A FixedRange that does not round."""

    def __init__(self, low: float, high: float, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.low, self.high = low, high

    def call(self, x: Any) -> Any:
        return tf.clip_by_value(x, self.low, self.high)


class Float32Encoder:
    """The trained weights in float32: activations are clipped to their range as in int8, and not rounded."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._encoder = keras.models.clone_model(codec.encoder, clone_function=_unrounded)
        self._encoder.set_weights(codec.encoder.get_weights())
        for layer in codec.encoder.layers:
            if isinstance(layer, RoundedConv2D):
                self._encoder.get_layer(layer.name).kernel.assign(rounded(layer.kernel))
        self._run = tf.function(self._codes, reduce_retracing=True)

    def image_codes(self, image: np.ndarray, quality: int) -> np.ndarray:
        """uint8 (height, width, 3) of any size -> int8 (rows, columns, channels), as `Int8Encoder.image_codes`."""
        pixels = tf.constant(padded(image, self._codec.spec)[None])
        return self._run(pixels, tf.constant([quality], tf.int32)).numpy()[0].astype(np.int8)

    def _codes(self, pixels: Any, quality: Any) -> Any:
        return self._codec.quantizer.codes(self._encoder(tf.cast(pixels, tf.float32) / 255.0), quality)


def _unrounded(layer: Any) -> Any:
    if isinstance(layer, FixedRange):
        return _Clip(layer.low, layer.high, name=layer.name)
    kind = keras.layers.Conv2D if isinstance(layer, RoundedConv2D) else type(layer)
    return kind.from_config(layer.get_config())
