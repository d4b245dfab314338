"""Magnitude pruning: single weights become zero while a network trains, and stay zero in what is trained from it.

M. Zhu, S. Gupta, "To prune, or not to prune" (2017): the share of zeros grows as a cubic polynomial, fast at first. The
file keeps its size, but gzip shrinks it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import tensorflow as tf
import tensorflow_model_optimization as tfmot
import tf_keras as keras

_UPDATES = 100  # how often the weights that are zero are chosen anew, at most
_PRUNED = (keras.layers.Conv2D, keras.layers.Dense)


def prunable(network: keras.Model) -> list[str]:
    """The layers whose weights may go: convolutions and dense layers, but neither the first of them nor the last.

    Those two have few weights, and all information passes them. So have depthwise kernels.
    """
    return [layer.name for layer in network.layers if isinstance(layer, _PRUNED)][1:-1]


def pruned_gradually(
    network: keras.Model, layers: Collection[str], sparsity: float, begin: int, end: int
) -> keras.Model:
    """A copy of a network in the toolkit's wrappers, which prune it step by step in training.

    Args:
        layers: whose kernels are pruned.
        sparsity: share of zeros in each of these kernels at the end.
        begin, end: the first and the last training step that prunes, from 1; the same step prunes all at once.
    """
    # The toolkit prunes at begin, begin + frequency, ...: the last of these steps must be the end itself, and another
    # one before it, since the share grows with (step - begin) / (end - begin).
    frequency = max((end - begin) // _UPDATES, 1)
    begin = end - max((end - begin) // frequency, 1) * frequency
    schedule = tfmot.sparsity.keras.PolynomialDecay(0.0, sparsity, begin, end, frequency=frequency)

    def wrapped(layer: Any) -> Any:
        copy = type(layer).from_config(layer.get_config())
        return tfmot.sparsity.keras.prune_low_magnitude(copy, schedule) if layer.name in layers else copy

    made = keras.models.clone_model(network, clone_function=wrapped)
    for layer, copy in zip(network.layers, made.layers, strict=True):
        copy.set_weights(layer.get_weights())
        if layer.name in layers:
            copy.pruning_step.assign(0)  # the toolkit leaves that to a callback of Keras' own loop
    return made


def take_pruned(network: keras.Model, trained: keras.Model) -> None:
    """Copies the weights of `pruned_gradually`'s network into the one that it was made of."""
    for layer, copy in zip(network.layers, trained.layers, strict=True):
        layer.set_weights(copy.get_weights())


def masking(trained: keras.Model) -> Callable[[int], None]:
    """Returns what makes pruned weights zero again after a step: its gradients moved them."""

    @tf.function
    def mask() -> None:
        for layer in trained.layers:
            for weight, kept, _ in getattr(layer, "pruning_vars", ()):
                weight.assign(weight * kept)

    return lambda step: mask()


def keeping_zeros(network: keras.Model) -> Callable[[int], None]:
    """Returns what makes those weights zero again after a step that are zero now.

    In kernels of convolutions and dense layers; fake quantization makes a zero of a zero, so the file has them, too.
    """
    kernels = [weight for weight in network.trainable_weights if weight.name.split("/")[-1].startswith("kernel:")]
    masks = [tf.constant(kernel.numpy() != 0, kernel.dtype) for kernel in kernels]

    @tf.function
    def mask() -> None:
        for kernel, kept in zip(kernels, masks, strict=True):
            kernel.assign(kernel * kept)

    return lambda step: mask()


def zeros(network: keras.Model, layers: Collection[str]) -> float:
    """The share of zeros in the kernels of some layers."""
    kernels = [network.get_layer(name).kernel.numpy() for name in layers]
    return float(sum((kernel == 0).sum() for kernel in kernels) / max(sum(kernel.size for kernel in kernels), 1))
