"""Spec -> Keras: the two halves, each a functional model of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np
import tf_keras as keras

from host.errors import SpecError
from host.networks import applications
from host.networks.transforms import BASES, block_transform
from host.spec.catalogue import FUSED_ACTIVATIONS
from host.spec.types import LayerSpec, Spec


def build(spec: Spec) -> tuple[keras.Model, keras.Model]:
    """Encoder and decoder with Keras' own starting weights, seeded with the spec's seed.

    The encoder takes an image, float32 (batch, height, width, channels), 0..1, and gives its latent, float32
    (batch, h, w, c), in units of 1. A latent that is a vector of n becomes (batch, 1, 1, n): every latent lies on a
    grid. The decoder takes that and gives the image, about 0..1, not clipped.

    Raises:
        SpecError: Keras refuses a layer; the latent is neither a (height, width, channels) tensor nor a vector; or the
            decoder's output has another shape than the image.
    """
    keras.utils.set_random_seed(spec.training.seed)
    image = keras.Input(spec.data.image_shape, name="image")
    latent = apply_layers(spec, "encoder", {"image": image}, make_layers)
    is_vector = len(latent.shape) == 2
    if is_vector:
        latent = keras.layers.Reshape((1, 1, latent.shape[-1]), name="latent_grid")(latent)
    if len(latent.shape) != 4:
        raise SpecError(
            f"{spec.file}: $.encoder: the latent must have height, width and channels, or be a "
            f"vector, found shape {tuple(latent.shape[1:])}; end with a Reshape or Flatten"
        )
    encoder = keras.Model(image, latent, name="encoder")

    grid = encoder.output_shape[1:]
    source = latent = keras.Input(grid, name="latent")
    if is_vector:
        latent = keras.layers.Reshape(grid[2:], name="latent_vector")(source)
    restored = apply_layers(spec, "decoder", {"latent": latent}, make_layers)
    if tuple(restored.shape[1:]) != spec.data.image_shape:
        raise SpecError(
            f"{spec.file}: $.decoder: the output has shape {tuple(restored.shape[1:])}, "
            f"the images of {spec.data.dataset} have {spec.data.image_shape}"
        )
    return encoder, keras.Model(source, restored, name="decoder")


def build_discriminator(spec: Spec) -> keras.Model:
    """Image float32 (batch, height, width, channels), 0..1 -> logits of any shape.

    Raises:
        SpecError: Keras refuses a layer.
    """
    image = keras.Input(spec.data.image_shape, name="image")
    return keras.Model(image, apply_layers(spec, "discriminator", {"image": image}, make_layers), name="discriminator")


def initialize(spec: Spec, encoder: keras.Model, decoder: keras.Model, images: np.ndarray) -> None:
    """Writes the `local_pca` and `cosine` starts into both halves.

    Args:
        images: uint8 (count, height, width, channels), training images.
    """
    for half, model in (("encoder", encoder), ("decoder", decoder)):
        for index, layer in enumerate(spec.networks[half]):
            if layer.initializer.get("name") in BASES:
                path = f"{spec.file}: $.{half}[{index}]"
                block_transform(model.get_layer(layer.name), layer.initializer, spec.options.scale, images, path)


def apply_layers(
    spec: Spec, half: str, tensors: dict[str, Any], make: Callable[[LayerSpec], Sequence[Callable[[Any], Any]]]
) -> Any:
    """The output of a half whose inputs are `tensors`, by name.

    Args:
        make: an entry's Keras layers, one after the other.

    Raises:
        SpecError: Keras refuses a layer.
    """
    for index, layer in enumerate(spec.networks[half]):
        inputs = [tensors[name] for name in layer.inputs]
        tensor = inputs if len(inputs) > 1 else inputs[0]
        try:
            for made in make(layer):
                tensor = made(tensor)
        except (ValueError, TypeError, NotImplementedError, IndexError, AttributeError) as error:
            raise SpecError(
                f"{spec.file}: $.{half}[{index}]: {layer.layer}: {_reason(error)} "
                f"(input {', '.join(str(tuple(each.shape[1:])) for each in inputs)})"
            ) from error
        tensors[layer.name] = tensor
    return tensor


def _reason(error: Exception) -> str:
    """What Keras or TensorFlow says, in one line, without the frame around it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = next((line for line in lines if not line.startswith(("Exception encountered", "Call arguments"))), "refused")
    return text.split(" for '{{node")[0]


def layer_arguments(layer: LayerSpec, written_later: Collection[str]) -> dict[str, Any]:
    """What an entry's Keras layer is made with.

    Args:
        written_later: the starts that are no initializers of Keras.
    """
    arguments = dict(layer.arguments)
    start = dict(layer.initializer)
    name = start.pop("name", None)
    if name is not None and name not in written_later:
        key = "depthwise_initializer" if layer.layer == "DepthwiseConv2D" else "kernel_initializer"
        arguments[key] = keras.initializers.get({"class_name": name, "config": start})
    return arguments


def make_layers(layer: LayerSpec) -> list[Callable[[Any], Any]]:
    """An entry's Keras layers, one after the other; what quantization-aware training takes only apart stands apart."""
    if layer.layer == applications.LAYER:
        return [applications.application_layers(layer.arguments)]
    arguments = layer_arguments(layer, BASES)
    made: list[Callable[[Any], Any]] = []
    activation = arguments.get("activation", "linear")
    if layer.layer != "Activation" and activation not in FUSED_ACTIVATIONS:
        del arguments["activation"]
        made = [keras.layers.Activation(activation, name=f"{layer.name}_activation")]
    if layer.layer == "SeparableConv2D":
        return _separable(layer.name, arguments) + made
    return [getattr(keras.layers, layer.layer)(name=layer.name, **arguments), *made]


def _separable(name: str, arguments: dict[str, Any]) -> list[keras.layers.Layer]:
    places = ("kernel_size", "strides", "padding", "dilation_rate", "depth_multiplier")
    depthwise = {key: arguments.pop(key) for key in places if key in arguments}
    return [
        keras.layers.DepthwiseConv2D(name=f"{name}_depthwise", use_bias=False, **depthwise),
        keras.layers.Conv2D(name=name, kernel_size=1, **arguments),
    ]
