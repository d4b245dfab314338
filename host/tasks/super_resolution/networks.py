"""Spec -> Keras: a network that gives each pixel of a luma image a square of pixels, and the network that a stage left.

What it computes ends before the pixels are spread: DEPTH_TO_SPACE has no 16-bit kernel, so the device spreads them.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tf_keras as keras

from device.errors import one_line
from host.errors import SpecError
from host.networks.builder import apply_layers, make_layers
from host.networks.summary import network_macs
from host.networks.weights import load_weights
from host.quantization.awareness import AWARE
from host.spec.model_folder import ModelFolder
from host.spec.types import Spec
from host.tasks.super_resolution.reach import check_reach
from host.tasks.super_resolution.spec import NETWORK

_PROBED = (512, 519)  # sides of an image whose border tells the halo; only shapes are computed
_MEASURED = 1 << 20  # side of an image that is so large that what lies beside it costs nothing; the same


def build(spec: Spec) -> keras.Model:
    """Luma float32 (batch, height, width, 1), 0..1 -> float32 (batch, height - 2 halo, width - 2 halo, factor ** 2).

    The weights are random.

    Raises:
        SpecError: Keras refuses a layer, the network is none of that kind, or it reads more than a patch has.
    """
    keras.utils.set_random_seed(spec.training.seed)
    image = keras.Input((None, None, 1), name="image")
    network = keras.Model(image, apply_layers(spec, NETWORK, {"image": image}, make_layers), name=NETWORK)
    border = halo(spec, network)
    factor, least = spec.options.factor, (2 * border + 1) * spec.options.factor
    if min(spec.data.image_shape[:2]) < least:
        height, width = spec.data.image_shape[:2]
        raise SpecError(
            f"{spec.file}: $.data.size: patches of {height} x {width} pixels become images of {height // factor} x "
            f"{width // factor}, and the network reads {border} pixels on each side; give at least {least}"
        )
    # Under a strategy, and in bfloat16, the same network is made a second time.
    if not tf.distribute.has_strategy() and network.layers[-1].compute_dtype == "float32":
        check_reach(spec, network, border)
    return network


def halo(spec: Spec, network: keras.Model) -> int:
    """How many pixels beside an image the network reads on each side.

    Raises:
        SpecError: it makes another number of channels than the factor's square, or enlarges or shrinks the image.
    """
    file, wanted = spec.file, spec.options.factor**2
    shape = network.output_shape
    if len(shape) != 4 or shape[-1] != wanted:
        raise SpecError(
            f"{file}: $.{NETWORK}: the output must have {wanted} channels, the square of upscaling.factor; found shape "
            f"{shape[1:]}"
        )
    try:
        made = network.compute_output_shape((1, *_PROBED, 1))[1:3]
    except ValueError as error:
        raise SpecError(
            f"{file}: $.{NETWORK}: an image of {_PROBED[0]} x {_PROBED[1]} pixels does not pass ({one_line(error)}); "
            "the inputs of a layer must have lost the same pixels, and a network may read at most "
            f"{_PROBED[0] // 2 - 1} pixels beside an image"
        ) from None
    borders = {side - length for side, length in zip(_PROBED, made, strict=True)}
    border = borders.pop()
    if borders or border < 0 or border % 2 or min(made) < 1:
        raise SpecError(
            f"{file}: $.{NETWORK}: an image of {_PROBED[0]} x {_PROBED[1]} pixels becomes {made[0]} x {made[1]}; "
            "expected a position for each pixel, less the same even number of pixels in both directions"
        )
    return int(border // 2)


def operations_per_pixel(network: keras.Model) -> int:
    """Multiply-accumulates of a network per pixel of the small image, without what it reads beside that."""
    image = keras.Input((_MEASURED, _MEASURED, 1), name="image")
    macs = network_macs(keras.models.clone_model(network, image))
    assert macs is not None  # the image has a size
    return round(macs / _MEASURED**2)


def spread(pixels: Any, factor: int) -> Any:
    """(batch, height, width, factor ** 2) -> (batch, height * factor, width * factor, 1), as the device does it."""
    return tf.nn.depth_to_space(pixels, factor)


def load_network(model: ModelFolder, stage: str) -> keras.Model:
    """The network that a stage left, with its weights.

    Raises:
        ModelError: the weights file is missing or belongs to another network.
    """
    network, made = build(model.spec), model.spec.training.stages[stage]
    if made.kind in AWARE:
        network = AWARE[made.kind].make(network, made.options)
    load_weights(model.weights(stage), {NETWORK: network})
    return network


def is_aware(model: ModelFolder, stage: str) -> bool:
    """Whether a stage leaves a network whose ranges are in its graph."""
    return model.spec.training.stages[stage].kind in AWARE


def without_quantization(model: ModelFolder, stage: str, *, settled: bool = False) -> keras.Model:
    """The network that a stage left, with its weights, without the fake quantization that it may have.

    Args:
        settled: with kernels as they were rounded in training, for a file that rounds them likewise.
    """
    network = load_network(model, stage)
    if not is_aware(model, stage):
        return network
    way = AWARE[model.spec.training.stages[stage].kind]
    return (way.settled if settled else way.plain)(build(model.spec), network)
