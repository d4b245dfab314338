"""Spec -> Keras: the two halves, each a functional model of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import tf_keras as keras

from host.errors import SpecError
from host.networks.transforms import BASES, block_transform
from host.spec import LayerSpec, Spec


def build_encoder(spec: Spec, batch_size: int | None = None) -> keras.Model:
    """Image float32 (batch, height, width, channels), 0..1 -> latent float32 (batch, h, w, c), in units of 1.

    Args:
        batch_size: None for training; 1 for conversion, since static shapes convert to fewer operations.

    Raises:
        SpecError: Keras refuses a layer, or the output is no (height, width, channels) tensor.
    """
    model = _build(spec, "encoder", "image", spec.data.image_shape, batch_size)
    if len(model.output_shape) != 4:
        raise SpecError(
            f"{spec.folder / 'spec.json'}: $.encoder: the latent must have height, width and channels, "
            f"found shape {model.output_shape[1:]}"
        )
    return model


def build_decoder(spec: Spec, latent_shape: tuple[int, int, int], batch_size: int | None = None) -> keras.Model:
    """Latent float32 (batch, h, w, c) -> image float32 (batch, height, width, channels), about 0..1, not clipped.

    Raises:
        SpecError: Keras refuses a layer, or the output has another shape than the image.
    """
    model = _build(spec, "decoder", "latent", latent_shape, batch_size)
    if model.output_shape[1:] != spec.data.image_shape:
        raise SpecError(
            f"{spec.folder / 'spec.json'}: $.decoder: the output has shape {model.output_shape[1:]}, "
            f"the images of {spec.data.dataset} have {spec.data.image_shape}"
        )
    return model


def build(spec: Spec, batch_size: int | None = None) -> tuple[keras.Model, keras.Model]:
    """Encoder and decoder with Keras' own starting weights, seeded with the spec's seed."""
    keras.utils.set_random_seed(spec.training.seed)
    encoder = build_encoder(spec, batch_size)
    return encoder, build_decoder(spec, encoder.output_shape[1:], batch_size)


def initialize(spec: Spec, encoder: keras.Model, decoder: keras.Model, images: np.ndarray) -> None:
    """Writes the `local_pca` and `cosine` starts into both halves.

    Args:
        images: uint8 (count, height, width, channels), training images.
    """
    for half, model in (("encoder", encoder), ("decoder", decoder)):
        for index, layer in enumerate(getattr(spec, half)):
            if layer.initializer.get("name") in BASES:
                path = f"{spec.folder / 'spec.json'}: $.{half}[{index}]"
                block_transform(model.get_layer(layer.name), layer.initializer, spec.latent_scale, images, path)


def _build(spec: Spec, half: str, source: str, shape: tuple[int, ...], batch_size: int | None) -> keras.Model:
    tensors: dict[str, Any] = {source: keras.Input(shape, batch_size=batch_size, name=source)}
    for index, layer in enumerate(getattr(spec, half)):
        inputs = [tensors[name] for name in layer.inputs]
        try:
            tensors[layer.name] = _make(layer)(inputs if len(inputs) > 1 else inputs[0])
        except (ValueError, TypeError, NotImplementedError) as error:
            reason = str(error).strip().splitlines()[0]
            raise SpecError(f"{spec.folder / 'spec.json'}: $.{half}[{index}]: {layer.layer}: {reason}") from error
    return keras.Model(tensors[source], tensors[getattr(spec, half)[-1].name], name=half)


def _make(layer: LayerSpec) -> keras.layers.Layer:
    arguments = dict(layer.arguments)
    start = dict(layer.initializer)
    name = start.pop("name", None)
    if name is not None and name not in BASES:
        key = "depthwise_initializer" if layer.layer == "DepthwiseConv2D" else "kernel_initializer"
        arguments[key] = keras.initializers.get({"class_name": name, "config": start})
    return getattr(keras.layers, layer.layer)(name=layer.name, **arguments)
