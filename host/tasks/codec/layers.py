"""The codec's own layers. Each layer of the encoder converts to one TFLite operation."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras as keras

from host.networks.prior import PACE


class FixedRange(keras.layers.Layer):
    """Rounds to the 256 levels of a fixed range, so that training sees what int8 holds; converts to no operation."""

    def __init__(self, low: float, high: float, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.low, self.high = float(low), float(high)

    def call(self, x: Any) -> Any:
        return tf.quantization.fake_quant_with_min_max_args(x, self.low, self.high)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "low": self.low, "high": self.high}


class RoundedConv2D(keras.layers.Conv2D):
    """A Conv2D that computes with its kernel as int8 will hold it: 255 levels a filter, symmetric."""

    def call(self, x: Any) -> Any:
        x = tf.nn.conv2d(x, rounded(self.kernel), self.strides, self.padding.upper()) + self.bias
        return self.activation(x)


def rounded(kernel: Any) -> Any:
    """float32 (height, width, in, out) on 255 symmetric levels per out, as TFLite quantizes; gradient of identity."""
    scale = tf.maximum(tf.reduce_max(tf.abs(kernel), (0, 1, 2)), 1e-9) / 127.0
    return kernel + tf.stop_gradient(tf.round(kernel / scale) * scale - kernel)


class _Blocks(keras.layers.Layer):
    """Moves pixels between places and channels, block by block."""

    def __init__(self, block: int, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.block = block

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "block": self.block}


class SpaceToDepth(_Blocks):
    """(batch, h * block, w * block, c) -> (batch, h, w, block * block * c)."""

    def call(self, x: Any) -> Any:
        return tf.nn.space_to_depth(x, self.block)


class DepthToSpace(_Blocks):
    """(batch, h, w, block * block * c) -> (batch, h * block, w * block, c)."""

    def call(self, x: Any) -> Any:
        return tf.nn.depth_to_space(x, self.block)


class Dequantize(keras.layers.Layer):
    """[codes (batch, h, w, c), quality int32 (batch,)] -> latent: the code, moved by a learned shift, times the step.

    Where in its interval a code's latents have their mean depends on channel and quality: codes of 1 and more lie off
    the middle, since small latents are more frequent.
    """

    def __init__(self, steps: tuple[float, ...], plain: int, dead_zone: float, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.steps, self.plain, self.dead_zone = tuple(map(float, steps)), plain, dead_zone

    def build(self, shapes: Any) -> None:
        shape = len(self.steps), shapes[0][-1]
        # The mean of an exponential tail over an interval that begins a dead zone late.
        shifts = np.where(np.arange(shape[1]) < self.plain, 0, self.dead_zone / 2).astype(np.float32)
        start = keras.initializers.Constant(tf.broadcast_to(shifts / PACE, shape))
        self.shift = self.add_weight("shift", shape, initializer=start)

    def call(self, inputs: Any) -> Any:
        codes, quality = inputs
        steps = tf.gather(tf.constant(self.steps), quality)[:, None, None, None]
        return (codes + tf.sign(codes) * tf.gather(PACE * self.shift, quality)[:, None, None, :]) * steps


class QualityGain(keras.layers.Layer):
    """[x (batch, h, w, c), quality int32 (batch,)] -> x times a gain, plus a bias, per quality and channel."""

    def __init__(
        self,
        steps: tuple[float, ...],
        start: float = 1.0,
        times_step: bool = False,
        bias: bool = True,
        **arguments: Any,
    ) -> None:
        super().__init__(**arguments)
        self.starts = [start * step if times_step else start for step in steps]
        self.use_bias = bias

    def build(self, shapes: Any) -> None:
        shape = (len(self.starts), shapes[0][-1])
        gains = tf.broadcast_to(tf.constant(self.starts, tf.float32)[:, None], shape)
        self.gain = self.add_weight("gain", shape, initializer=keras.initializers.Constant(gains))
        if self.use_bias:
            self.bias = self.add_weight("bias", shape, initializer="zeros")

    def call(self, inputs: Any) -> Any:
        x, quality = inputs
        x = x * tf.gather(self.gain, quality)[:, None, None, :]
        return x + tf.gather(self.bias, quality)[:, None, None, :] if self.use_bias else x
