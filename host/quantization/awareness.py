"""The ways of quantization-aware training, by kind of stage."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tf_keras as keras

from host.networks.layer_names import matching
from host.quantization import aware, by_hand
from host.spec.sections import ACTIVATION_BITS, AWARE_KINDS, QUANTIZED, WEIGHT_BITS

Options = Mapping[str, Any]  # of the stage
PIXELS = (0.0, 1.0)  # the range of what a network reads


@dataclass(frozen=True)
class Aware:
    """A way of quantization-aware training.

    Attributes:
        make: (a float network, options) -> the same with fake quantization, which starts from its weights.
        set_ranges: (with fake quantization, without, inputs): makes ranges span what activations do without.
        plain: (without fake quantization, with it) -> without, with the weights of the latter.
        settled: as `plain`, with the kernels that training computed with where these are known.
        for_converter: changes a network into what the converter takes.
    """

    make: Callable[[keras.Model, Options], keras.Model]
    set_ranges: Callable[[keras.Model, keras.Model, np.ndarray], None]
    plain: Callable[[keras.Model, keras.Model], keras.Model]
    settled: Callable[[keras.Model, keras.Model], keras.Model]
    for_converter: Callable[[keras.Model], None]


def _by_toolkit(network: keras.Model, options: Options) -> keras.Model:
    return aware.quantization_aware(network, PIXELS, None)


def _by_hand(network: keras.Model, options: Options) -> keras.Model:
    layers = matching(network, options[QUANTIZED]) if options[QUANTIZED] else None
    return by_hand.quantization_aware(network, PIXELS, layers, options[WEIGHT_BITS], options[ACTIVATION_BITS])


def _of_toolkit(network: keras.Model, quantized: keras.Model) -> keras.Model:
    aware.take_weights(network, quantized)
    return network


def _of_hand(network: keras.Model, quantized: keras.Model) -> keras.Model:
    return by_hand.plain(quantized)


def _settled_by_hand(network: keras.Model, quantized: keras.Model) -> keras.Model:
    return by_hand.settled(quantized)


_WAYS = (  # in the order of AWARE_KINDS; the output's range is found in training
    Aware(_by_toolkit, aware.set_ranges, _of_toolkit, _of_toolkit, aware.leave_kernels),
    Aware(_by_hand, by_hand.set_ranges, _of_hand, _settled_by_hand, by_hand.leave_kernels),
)
AWARE: dict[str, Aware] = dict(zip(AWARE_KINDS, _WAYS, strict=True))
