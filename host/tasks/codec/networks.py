"""Spec -> Keras: encoder, decoder and prior, all size-free."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import tf_keras as keras

from device.inputs.strips import put_pixels
from host.errors import SpecError
from host.networks.prior import Prior
from host.spec.types import LayerSpec, Spec
from host.tasks.codec import layers as own
from host.tasks.codec.quantizer import Quantizer, make_quantizer
from host.tasks.codec.start import STARTS


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
    encoder = _build(spec, "encoder", {"image": keras.Input((None, None, 3), name="image")})
    channels = encoder.output_shape[-1]
    decoder = _build(
        spec,
        "decoder",
        {
            "codes": keras.Input((None, None, channels), name="codes"),
            "quality": keras.Input((), dtype="int32", name="quality"),
        },
    )
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
    pixels = np.empty((*shape, 3), np.int8)
    put_pixels(image, (-grid.before, -grid.before), pixels)
    return pixels.view(np.uint8) ^ np.uint8(0x80)


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


def _build(spec: Spec, half: str, tensors: dict[str, Any]) -> keras.Model:
    sources = list(tensors.values())
    for index, layer in enumerate(spec.networks[half]):
        inputs = [tensors[name] for name in layer.inputs]
        try:
            tensors[layer.name] = _make(layer, spec)(inputs if len(inputs) > 1 else inputs[0])
        except (ValueError, TypeError, NotImplementedError, IndexError) as error:
            reason = str(error).strip().splitlines()[0]
            raise SpecError(f"{spec.folder / 'spec.json'}: $.{half}[{index}]: {layer.layer}: {reason}") from error
    output = tensors[spec.networks[half][-1].name]
    return keras.Model(sources if len(sources) > 1 else sources[0], output, name=half)


def _make(layer: LayerSpec, spec: Spec) -> keras.layers.Layer:
    arguments = dict(layer.arguments)
    start = dict(layer.initializer)
    name = start.pop("name", None)
    if name is not None and name not in STARTS:
        arguments["kernel_initializer"] = keras.initializers.get({"class_name": name, "config": start})
    if layer.layer == "Dequantize":
        return own.Dequantize(spec.options.steps, spec.options.grid.plain, spec.options.grid.dead_zone, name=layer.name)
    if layer.layer == "QualityGain":
        return own.QualityGain(spec.options.steps, name=layer.name, **arguments)
    kind = getattr(own, layer.layer, None) or getattr(keras.layers, layer.layer)
    return kind(name=layer.name, **arguments)


def _check_sizes(spec: Spec, encoder: keras.Model, decoder: keras.Model) -> None:
    file, grid = spec.folder / "spec.json", spec.options.grid
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
