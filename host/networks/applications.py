"""Networks of keras.applications as one entry of a list of layers: taken apart into their own layers, and pretrained.

The layers are put one by one into the network that names them, since quantization-aware training takes no network
inside another. What the application does to pixels before its first convolution (`preprocess_input`, and its own
Rescaling and Normalization layers) is an affine map of each pixel; it is folded into that convolution, so that the
network reads pixels of 0..1 like every other.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import tensorflow as tf
import tf_keras as keras
from tf_keras.src.utils import data_utils

from device.errors import one_line
from host.cache import alone
from host.errors import SpecError
from host.quiet import quiet
from host.spec.types import LayerSpec, Spec

LAYER = "Application"
IMAGENET = "imagenet"
_SCALING = (keras.layers.Rescaling, keras.layers.Normalization)
_WEIGHTS_FOLDER = "weights"  # below the folder of data sets: files by the names that Keras gives them


def application_layers(arguments: dict[str, Any]) -> Callable[[Any], Any]:
    """What applies an application's layers to a tensor, float32 (batch, height, width, 3), pixels of 0..1.

    Args:
        arguments: of the entry: "application", and what it may have beside it.

    Returns:
        A function to the tensor of features, (batch, h, w, channels). It raises what Keras raises.
    """

    def apply(tensor: Any) -> Any:
        network = _application(arguments, tuple(tensor.shape[1:]), None)
        return _replayed(network, tensor)

    return apply


def pretrain(spec: Spec, name: str, model: keras.Model, folder: Path | None) -> None:
    """Loads the weights that a network's `Application` entries name; those without weights keep their random ones.

    Args:
        name: of the network in the spec.
        folder: of data sets; a path to weights lies below it, and so do files that Keras would download else.

    Raises:
        SpecError: no such file, or weights of another application or width.
    """
    for index, entry in enumerate(spec.networks[name]):
        weights = entry.arguments.get("weights")
        if entry.layer == LAYER and weights is not None:
            where = f"{spec.file}: $.{name}[{index}].weights"
            source = _pretrained(entry, weights, folder, where)
            fold_scaling(source, _preprocess(entry.arguments["application"]))
            for layer in source.layers:
                if layer.weights and not isinstance(layer, _SCALING):
                    model.get_layer(layer.name).set_weights(layer.get_weights())


def fold_scaling(network: keras.Model, preprocess: Callable[[np.ndarray], np.ndarray]) -> None:
    """Makes a network's first convolution read pixels of 0..1, and what scaled them before it have no effect.

    At a border that is padded with zeros the result differs slightly: a zero is black there, and was grey before.

    Args:
        preprocess: pixels 0..255, float32 (count, 1, 1, 3), to what the network was trained on.

    Raises:
        ValueError: something else than an affine map of pixels comes before the first convolution, or neither biases
            nor a batch normalization can take its offset.
    """
    first = next(layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D))
    before = keras.Model(network.input, first.input)
    steps = [layer for layer in before.layers[1:] if not isinstance(layer, (keras.layers.ZeroPadding2D, *_SCALING))]
    if steps:
        raise ValueError(f"{steps[0].name} stands before the first convolution and is no scaling of pixels")
    scaling = [layer for layer in before.layers if isinstance(layer, _SCALING)]

    def scaled(pixels: np.ndarray) -> np.ndarray:
        found = np.asarray(preprocess(np.float32(255) * pixels), np.float32)
        for layer in scaling:
            found = layer(found).numpy()
        return found.reshape(-1, 3)

    offset = scaled(np.zeros((1, 1, 1, 3), np.float32))[0]
    matrix = scaled(np.eye(3, dtype=np.float32).reshape(3, 1, 1, 3)) - offset  # (pixel's channel, network's channel)
    kernel, *biases = first.get_weights()
    added = np.einsum("hwco,c->o", kernel, offset)
    first.set_weights([np.einsum("hwco,pc->hwpo", kernel, matrix), *(bias + added for bias in biases)])
    if not biases:
        normalization = first.outbound_nodes[0].layer
        if not isinstance(normalization, keras.layers.BatchNormalization):
            raise ValueError(f"{first.name} has no biases, and no batch normalization follows it")
        normalization.moving_mean.assign_sub(added)


def _application(arguments: dict[str, Any], shape: tuple[int, ...] | None, weights: str | None) -> keras.Model:
    make = getattr(keras.applications, arguments["application"])
    options = {"alpha": arguments["width"]} if "width" in arguments else {}
    if "width" in arguments and "alpha" not in inspect.signature(make).parameters:
        raise ValueError(f"{arguments['application']} has no width to choose; leave it out")
    keras.backend.reset_uids()  # layers without a name of their own get the same numbers every time
    with quiet():  # Keras warns that weights are for images of another size; convolutions do not mind
        return make(input_shape=shape, include_top=False, weights=weights, **options)


def _replayed(network: keras.Model, tensor: Any) -> Any:
    """The output of copies of a functional network's layers, the network's input replaced by `tensor`."""
    made = {id(network.input): tensor}
    for layer in network.layers[1:]:
        (node,) = layer.inbound_nodes
        arguments, options = tf.nest.map_structure(
            lambda value: made.get(id(value), value), (node.call_args, node.call_kwargs)
        )
        if isinstance(layer, _SCALING):  # folded into the first convolution
            made[id(layer.output)] = arguments[0]
            continue
        made[id(layer.output)] = type(layer).from_config(layer.get_config())(*arguments, **options)
    return made[id(network.output)]


def _pretrained(entry: LayerSpec, weights: str, folder: Path | None, where: str) -> keras.Model:
    # Of images of any size: the weights of convolutions do not depend on it, but Keras' choice of a file would.
    label = entry.arguments["application"] + (f" of width {width:g}" if (width := entry.arguments.get("width")) else "")
    if weights == IMAGENET:
        try:
            with _local_files(folder):
                return _application(entry.arguments, None, IMAGENET)
        except Exception as error:  # whatever the network, the file or Keras did
            raise SpecError(
                f"{where}: no ImageNet weights for {label} ({one_line(error, 200)}); put Keras' file into the folder "
                f"{_WEIGHTS_FOLDER} of the data sets, or name one"
            ) from None
    file = Path(weights) if folder is None else folder / weights
    if not file.is_file():
        raise SpecError(f"{where}: no file {file}; give a path below the folder of data sets, or {IMAGENET!r}")
    network = _application(entry.arguments, None, None)
    try:
        network.load_weights(file)
    except (ValueError, OSError, KeyError) as error:
        raise SpecError(f"{where}: {file} has no weights for {label} ({one_line(error, 200)})") from None
    return network


def _local_files(folder: Path | None) -> Any:
    """Lets Keras take its files from the local folder; what is not there is downloaded."""
    download = data_utils.get_file

    def find(name: str, *arguments: Any, **options: Any) -> str:
        if folder is not None and (local := folder / _WEIGHTS_FOLDER / name).is_file():
            return str(local)
        with alone(IMAGENET):  # Keras writes a download to where other processes would read it
            return str(download(name, *arguments, **options))

    return mock.patch.object(data_utils, "get_file", find)


def _preprocess(application: str) -> Callable[[np.ndarray], np.ndarray]:
    # The function of the module that the application's own constructor is from; keras.applications has no table.
    module = inspect.getmodule(getattr(keras.applications, application))
    return module.preprocess_input  # type: ignore[union-attr]  # every application's module has one
