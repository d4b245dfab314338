"""A codec's encoder, as float32 and quantized, for `host diagnose`."""

from __future__ import annotations

from typing import Any

import numpy as np
import tf_keras as keras

from device.inputs.strips import put_pixels
from host.networks.weights import load_weights
from host.quantization.diagnosis.pair import NetworkPair, Pairs, integer_recipe, keras_layers
from host.quantization.recipes import DEFAULTS, convert_network
from host.spec.model_folder import ModelFolder
from host.tasks.codec.int8 import convert_encoder, in_halves, with_step
from host.tasks.codec.layers import FixedRange, RoundedConv2D, rounded
from host.tasks.codec.networks import Codec, build_codec
from host.tasks.codec.packaging import codec_recipes

_BLOCKS = 4  # rows and columns of a piece


def pairs(model: ModelFolder, variant: str) -> Pairs:
    """See `host.tasks.task.Task`.

    The inputs are pieces of the sample images. The output has the finest quality's step, against which the encoder's
    own error counts most.
    """
    spec = model.spec
    recipe = integer_recipe(spec.name, codec_recipes(spec), variant)
    codec = build_codec(spec)
    load_weights(model.weights(recipe.weights), {"encoder": codec.encoder})
    quantized = convert_encoder(codec, _BLOCKS, _BLOCKS, recipe)
    network = _exact(codec)
    side = spec.options.grid.before + _BLOCKS * spec.options.grid.block + spec.options.grid.after
    plain = convert_network(_batch_of_one(network, side), DEFAULTS["float32"], None)
    samples = np.load(model.made("samples.npy", "tables"), allow_pickle=False)
    inputs = _pieces(samples, side, spec.options.grid.before)
    step = min(spec.options.steps)
    ends = -128 * step, 127 * step
    found = NetworkPair("encoder", keras_layers(network), plain, with_step(quantized, step), inputs, ends)
    return Pairs(recipe, (found,))


def _exact(codec: Codec) -> keras.Model:
    """The encoder as it is converted, but no activation is rounded or clipped in it.

    Its kernels are rounded: training computed with them so, and set the biases for that.
    """
    converted = in_halves(codec)

    def without_range(layer: Any) -> Any:
        if isinstance(layer, FixedRange):
            return keras.layers.Activation("linear", name=layer.name)
        return type(layer).from_config(layer.get_config())

    network = keras.models.clone_model(converted, clone_function=without_range)
    network.set_weights(converted.get_weights())
    for layer in network.layers:
        if isinstance(codec.encoder.get_layer(layer.name), RoundedConv2D):
            layer.kernel.assign(rounded(layer.kernel))
    return network


def _batch_of_one(network: keras.Model, side: int) -> keras.Model:
    image = keras.Input((side, side, 3), batch_size=1, name="image")
    return keras.Model(image, network(image))


def _pieces(images: np.ndarray, side: int, before: int) -> np.ndarray:
    """float32 (count, side, side, 3), 0..1: the images cut into pieces, as the device gives them to the network."""
    step = max(1, side - before)
    found = []
    for image in images:
        for top in range(0, image.shape[0], step):
            for left in range(0, image.shape[1], step):
                piece = np.empty((side, side, 3), np.uint8)
                put_pixels(image, (top - before, left - before), piece)
                found.append(piece / np.float32(255))
    return np.stack(found)
