"""What a network reads of an image, found by running it: whether strips of an image give what the whole image gives.

Layers are not listed here: random weights are tried, on an image and on parts of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras as keras

from host.errors import SpecError
from host.spec.types import Spec
from host.tasks.super_resolution.spec import NETWORK

_MADE = (9, 12)  # positions that the network makes of the image that is tried
_CUTS = ((slice(4, None), slice(5, None)), (slice(None, -3), slice(None, -4)))  # parts of it
_NEAR = 1e-4  # of the largest value: what float32 may differ by

Place = tuple["float | None", "float | None"]  # a row and a column; None where nothing is read


def check_reach(spec: Spec, network: keras.Model, border: int) -> None:
    """Tries a network with random weights, and leaves it as it was.

    Args:
        border: how many pixels less than the image its output has on each side.

    Raises:
        SpecError: a layer makes of a part of an image something else than of the whole image, or the network looks
            beside the place that it should make.
    """
    kept = network.get_weights()
    rng = np.random.default_rng(0)
    network.set_weights([_weight(weight, rng) for weight in network.weights])
    try:
        where = f"{spec.file}: $.{NETWORK}"
        # Brighter downwards and to the right: every part has another mean. A name of its own, since Keras numbers the
        # models without one, and files hold their names.
        names = [layer.name for layer in network.layers[1:]]
        watched = keras.Model(network.input, [network.get_layer(name).output for name in names], name="watched")
        height, width = (made + 2 * border for made in _MADE)
        image = 0.5 + 0.2 * np.add.outer(np.linspace(-1, 1, height), np.linspace(-1, 1, width))
        image = (image + rng.uniform(-0.1, 0.1, image.shape))[None, ..., None].astype(np.float32)
        _check_parts(where, names, watched, image)
        _check_middles(where, network, names, watched, image, border)
    finally:
        network.set_weights(kept)


def _weight(weight: Any, rng: np.random.Generator) -> np.ndarray:
    """Positive weights that keep values about where they are, so that no activation cuts them off."""
    name, shape = weight.name.rpartition("/")[2], tuple(weight.shape)
    if len(shape) < 2:
        fixed = {"gamma": 1.0, "moving_variance": 1.0, "moving_mean": 0.0}
        value = fixed.get(name.split(":")[0])
        return rng.uniform(0, 0.1, shape) if value is None else np.full(shape, value)
    read = np.prod(shape[:2] if "depthwise" in name else shape[:-1])
    return rng.uniform(0.5, 1.5, shape) / read


def _check_parts(where: str, names: list[str], watched: keras.Model, image: np.ndarray) -> None:
    whole = _outputs(watched, image)
    for rows, columns in _CUTS:
        cut = image[:, rows, columns]
        for name, all_of_it, part in zip(names, whole, _outputs(watched, cut), strict=True):
            # What enlarges for a later layer to shrink, or has no places, shows in the layers after it.
            if len(part.shape) != 4 or np.subtract(all_of_it.shape, part.shape)[1:3].tolist() != [
                image.shape[1] - cut.shape[1],
                image.shape[2] - cut.shape[2],
            ]:
                continue
            wanted = all_of_it[:, rows, columns]
            if not np.allclose(part, wanted, rtol=0, atol=_NEAR * float(np.abs(wanted).max())):
                raise SpecError(
                    f"{where}: {name} makes of a part of an image something else than of the whole image, which would "
                    "show between the strips that the device computes: it reads zeros beside the image, or the whole "
                    'image; use padding "valid" and layers that read a fixed number of pixels'
                )


def _outputs(watched: keras.Model, image: np.ndarray) -> list[np.ndarray]:
    made = watched(image, training=False)
    return [each.numpy() for each in (made if isinstance(made, list) else [made])]


def _check_middles(
    where: str, network: keras.Model, names: list[str], watched: keras.Model, image: np.ndarray, border: int
) -> None:
    with tf.GradientTape(persistent=True) as tape:
        source = tf.constant(image)
        tape.watch(source)
        made = watched(source, training=False)
        outputs = zip(names, made if isinstance(made, list) else [made], strict=True)
        totals = {name: _middle_sums(each) for name, each in outputs if len(each.shape) == 4}

    def middle(name: str) -> Place:
        """In the middle of what the middle row, and the middle column, of a layer's output read of the image."""
        if name == network.layers[0].name:
            return float(image.shape[1] // 2), float(image.shape[2] // 2)
        found: list[float | None] = []
        for axis, total in enumerate(totals.get(name, ()), 1):
            gradient = tape.gradient(total, source)
            read = np.empty(0) if gradient is None else np.flatnonzero(np.abs(gradient.numpy()).sum((0, 3 - axis, 3)))
            found.append(float(read[0] + read[-1]) / 2 if len(read) else None)
        return (found[0], found[1]) if found else (None, None)

    known: dict[str, Place] = {}
    for layer, inputs in _merges(network):
        for name in inputs:
            known.setdefault(name, middle(name))
        for other in inputs[1:]:
            _check_shift(f"{where}: {layer} reads {inputs[0]} and {other}, which are", known[inputs[0]], known[other])
    wanted = _MADE[0] // 2 + border, _MADE[1] // 2 + border
    _check_shift(f"{where}: the output and the image are", middle(network.output_names[0]), wanted)


def _middle_sums(made: Any) -> tuple[Any, Any]:
    """The sums of the middle row and of the middle column of what a layer made."""
    # Each channel counts differently: those of a softmax have the sum 1, whatever it reads.
    weighed = made * tf.linspace(1.0, 2.0, made.shape[3])
    return tf.reduce_sum(weighed[:, made.shape[1] // 2]), tf.reduce_sum(weighed[:, :, made.shape[2] // 2])


def _merges(network: keras.Model) -> Iterator[tuple[str, list[str]]]:
    """Layers that read several others, and the names of those."""
    for layer in network.layers:
        read = layer.inbound_nodes[0].inbound_layers if layer.inbound_nodes else []
        if isinstance(read, list):
            names = list(dict.fromkeys(each.name for each in read))
            if len(names) > 1:
                yield layer.name, names


def _check_shift(what: str, one: Place, other: Place) -> None:
    """Raises SpecError for a pixel; half a pixel is what a kernel with an even side does."""
    for direction, first, second in zip(("vertically", "horizontally"), one, other, strict=True):
        if first is not None and second is not None and abs(first - second) >= 1:
            raise SpecError(
                f"{what} shifted against each other {direction} by {abs(first - second):g} pixels; take the same from "
                "all sides (cropping), and kernels with an odd side"
            )
