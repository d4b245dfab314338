"""Spec -> Keras: encoder, decoder and prior, all size-free, and the quantizer between them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras as keras

from device.inputs.strips import put_pixels
from host.errors import SpecError
from host.networks.builder import apply_layers, layer_arguments
from host.networks.prior import Prior
from host.spec.types import LayerSpec, Spec
from host.tasks.codec import layers as own
from host.tasks.codec.spec import CodecOptions
from host.tasks.codec.start import STARTS


@dataclass(frozen=True)
class Quantizer:
    """Turns the latent into codes, exactly or as training sees it.

    A code is round(soft(y / step)), where soft moves y / step towards 0 by the channel's dead zone.
    On the device the int8 tensor holds rounded latents in units of the step (plain channels) or of half of it (the
    others: halving towards zero then is a dead zone of 1/4), which bounds codes to -128..127 and -64..63.

    Attributes:
        steps: float32 (qualities,).
        dead_zone: float32 (channels,), in steps.
        low, high: float32 (channels,), the range of y / step in which the int8 tensor does not saturate.
    """

    steps: np.ndarray
    dead_zone: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def soft(self, y: Any, quality: Any) -> Any:
        """The latent in steps, clipped and moved towards 0, before it is rounded.

        Args:
            y: float32 (batch, h, w, channels), the encoder's output.
            quality: int32 (batch,).
        """
        clipped = tf.clip_by_value(self.in_steps(y, quality), self.low, self.high)
        return tf.sign(clipped) * tf.nn.relu(tf.abs(clipped) - self.dead_zone)

    def codes(self, y: Any, quality: Any) -> Any:
        """The codes as float32."""
        return tf.round(self.soft(y, quality))

    def straight_through(self, y: Any, codes: Any, quality: Any) -> Any:
        """The codes, with the gradient of y / step."""
        scaled = tf.clip_by_value(self.in_steps(y, quality), self.low, self.high)
        return scaled + tf.stop_gradient(codes - scaled)

    def in_steps(self, y: Any, quality: Any) -> Any:
        return y / tf.gather(self.steps, quality)[:, None, None, None]

    def saturated(self, y: Any, quality: Any) -> Any:
        """How many latents the int8 tensor cannot hold: int64."""
        scaled = self.in_steps(y, quality)
        return tf.math.count_nonzero((scaled < self.low - 0.5) | (scaled > self.high + 0.5))


def make_quantizer(spec: Spec, channels: int) -> Quantizer:
    """The quantizer of a spec for a latent of so many channels."""
    plain = np.arange(channels) < spec.options.grid.plain
    zone = np.where(plain, 0, spec.options.grid.dead_zone).astype(np.float32)
    # Half steps at a dead zone of 1/4; a channel without one uses the whole range.
    reach = np.where(plain | (spec.options.grid.dead_zone == 0), 1.0, 0.5).astype(np.float32)
    return Quantizer(np.array(spec.options.steps, np.float32), zone, -128 * reach, 127 * reach)


@dataclass(frozen=True)
class Codec:
    """The three networks and the quantizer between them.

    Attributes:
        encoder: image float32 (batch, before + h * block + after, ..., 3), 0..1, halo included -> y (batch, h, w, c).
        decoder: [codes float32 (batch, h, w, c), quality int32 (batch,)] -> image (batch, h * block, ..., 3), about
            0..1, not clipped.
        prior: (codes, quality) -> bits of every code.
    """

    spec: Spec
    encoder: keras.Model
    decoder: keras.Model
    prior: Prior
    quantizer: Quantizer

    @property
    def models(self) -> dict[str, Any]:
        """By the names in the weights file."""
        return {"encoder": self.encoder, "decoder": self.decoder, "prior": self.prior}

    @property
    def channels(self) -> int:
        return int(self.encoder.output_shape[-1])


def build_codec(spec: Spec) -> Codec:
    """The networks with Keras' own starting weights, seeded with the spec's seed; start.py writes the block transform.

    Raises:
        SpecError: Keras refuses a layer, or the sizes do not fit latent.block and latent.halo.
    """
    keras.utils.set_random_seed(spec.training.seed)
    make = partial(_make, spec.options)
    image = keras.Input((None, None, 3), name="image")
    encoder = keras.Model(image, apply_layers(spec, "encoder", {"image": image}, make), name="encoder")
    channels = encoder.output_shape[-1]
    codes = keras.Input((None, None, channels), name="codes")
    quality = keras.Input((), dtype="int32", name="quality")
    restored = apply_layers(spec, "decoder", {"codes": codes, "quality": quality}, make)
    decoder = keras.Model([codes, quality], restored, name="decoder")
    _check_sizes(spec, encoder, decoder)
    prior = Prior(len(spec.options.qualities), channels, name="prior")
    prior.build(None)
    return Codec(spec, encoder, decoder, prior, make_quantizer(spec, channels))


def padded(image: np.ndarray, spec: Spec) -> np.ndarray:
    """An image with what the encoder reads around its blocks, by reflection, as the device does it.

    Args:
        image: uint8 (height, width, 3).

    Returns:
        uint8 (before + rows * block + after, before + columns * block + after, 3).
    """
    grid = spec.options.grid
    shape = [grid.before + -(-side // grid.block) * grid.block + grid.after for side in image.shape[:2]]
    pixels = np.empty((*shape, 3), np.uint8)
    put_pixels(image, (-grid.before, -grid.before), pixels)
    return pixels


def operations_per_pixel(encoder: keras.Model, block: int) -> float:
    """Multiply-accumulates of the encoder's convolutions, per pixel of a large image."""
    total, scale = 0.0, {encoder.input.name: 1.0}
    for layer in encoder.layers[1:]:
        inputs = layer.input if isinstance(layer.input, list) else [layer.input]
        area = scale[inputs[0].name]
        if isinstance(layer, keras.layers.Conv2D):
            area /= layer.strides[0] * layer.strides[1]
            total += area * float(np.prod(layer.kernel.shape))
        elif isinstance(layer, own.SpaceToDepth):
            area /= layer.block**2
        scale[layer.output.name] = area
    return total


def _make(options: CodecOptions, layer: LayerSpec) -> list[keras.layers.Layer]:
    arguments = layer_arguments(layer, STARTS)
    if layer.layer == "Dequantize":
        arguments |= {"steps": options.steps, "plain": options.grid.plain, "dead_zone": options.grid.dead_zone}
    if layer.layer == "QualityGain":
        arguments["steps"] = options.steps
    kind = getattr(own, layer.layer, None) or getattr(keras.layers, layer.layer)
    return [kind(name=layer.name, **arguments)]


def _check_sizes(spec: Spec, encoder: keras.Model, decoder: keras.Model) -> None:
    file, grid = spec.file, spec.options.grid
    for blocks in (1, 2, 5):
        side = grid.before + blocks * grid.block + grid.after
        found = encoder.compute_output_shape((1, side, side, 3))[1:3]
        if tuple(found) != (blocks, blocks):
            raise SpecError(
                f"{file}: $.latent.halo: {blocks} blocks of {grid.block} with halo {grid.before} and {grid.after} are "
                f"{side} pixels, of which the encoder makes {found[0]}x{found[1]} positions; expected {blocks}x{blocks}"
            )
    shape = decoder.output_shape
    if len(shape) != 4 or shape[-1] != 3:
        raise SpecError(f"{file}: $.decoder: the output must have 3 channels, found shape {shape[1:]}")
