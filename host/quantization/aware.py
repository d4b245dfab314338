"""Networks with fake quantization (TF Model Optimization Toolkit), whose input and output have fixed ranges.

B. Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference" (2018).
The toolkit's activation ranges are moving averages that start at -6..6 and need about a thousand steps to arrive; here
they start from what the float network's activations really span, so that training starts near the float quality.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_model_optimization as tfmot
import tf_keras as keras
from tensorflow_model_optimization.python.core.quantization.keras.default_8bit import (
    default_8bit_quantize_configs as configs,
)
from tensorflow_model_optimization.python.core.quantization.keras.default_8bit import (
    default_8bit_quantize_registry as registry,
)

_REGISTRY = registry.Default8BitQuantizeRegistry()
_SHAPE_ONLY = (  # pass their input's values on, so their input's quantization
    keras.layers.Reshape,
    keras.layers.Flatten,
    keras.layers.Permute,
    keras.layers.ZeroPadding2D,
    keras.layers.Cropping2D,
    keras.layers.Dropout,
    keras.layers.SpatialDropout2D,
    keras.layers.GaussianNoise,
    keras.layers.GaussianDropout,
)
_PREFIX = "quant_"  # what the toolkit puts before the names of layers
_AT_ONCE = 32  # inputs, since the outputs of all layers are in memory together
_SMALLEST = 1e-8  # range of a channel whose weights are all zero
_KNOWN_ACTIVATIONS = ("linear", "relu", "sigmoid", "softmax", "tanh")


class FixedOutput(configs.NoOpQuantizeConfig):
    """A layer's default quantization, but its output on a range that training cannot move."""

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high

    def get_weights_and_quantizers(self, layer: Any) -> list[Any]:
        return _REGISTRY.get_quantize_config(layer).get_weights_and_quantizers(layer) if _known(layer) else []

    def set_quantize_weights(self, layer: Any, quantize_weights: list[Any]) -> None:
        if _known(layer):
            _REGISTRY.get_quantize_config(layer).set_quantize_weights(layer, quantize_weights)

    def get_output_quantizers(self, layer: Any) -> list[Any]:
        return [tfmot.quantization.keras.quantizers.FixedQuantizer(8, self.low, self.high, narrow_range=False)]

    def get_config(self) -> dict[str, Any]:
        return {"low": self.low, "high": self.high}


class PerChannelKernel(tfmot.quantization.keras.quantizers.Quantizer):
    """Rounds a depthwise kernel channel by channel, as the converter does; the toolkit's own takes one range for all.

    Attributes:
        rounds: the converter cannot read this rounding: it wants the kernel as it is, and rounds it in the same way.
    """

    rounds = True

    def build(self, tensor_shape: Any, name: str, layer: Any) -> dict[str, Any]:
        return {}

    def __call__(self, inputs: Any, training: Any, weights: Any, **kwargs: Any) -> Any:
        return rounded(inputs, int(np.prod(inputs.shape[2:]))) if self.rounds else inputs

    def get_config(self) -> dict[str, Any]:
        return {}


class FoldedDepthwise(configs.NoOpQuantizeConfig):
    """A depthwise convolution whose output the batch normalization after it is folded into."""

    def __init__(self) -> None:
        self.quantizer = PerChannelKernel()

    def get_weights_and_quantizers(self, layer: Any) -> list[Any]:
        return [(layer.depthwise_kernel, self.quantizer)]

    def set_quantize_weights(self, layer: Any, quantize_weights: list[Any]) -> None:
        (layer.depthwise_kernel,) = quantize_weights


def leave_kernels(quantized: keras.Model) -> None:
    """Leaves the rounding of depthwise kernels to the converter."""
    for layer in quantized.layers:
        config = getattr(layer, "quantize_config", None)
        if isinstance(config, FoldedDepthwise):
            config.quantizer.rounds = False


def rounded(kernel: Any, channels: int, bits: int = 8) -> Any:
    """A kernel with each output channel on its own grid of 2**bits - 1 steps, 0 among them; gradients pass unchanged.

    Args:
        channels: output channels, along the last axis, or the last two of a depthwise kernel.
    """
    flat = tf.reshape(kernel, (-1, channels))
    largest = tf.stop_gradient(tf.maximum(tf.reduce_max(tf.abs(flat), axis=0), _SMALLEST))
    made = tf.quantization.fake_quant_with_min_max_vars_per_channel(flat, -largest, largest, bits, narrow_range=True)
    return tf.reshape(made, kernel.shape)


def quantization_aware(
    model: keras.Model, source: tuple[float, float], output: tuple[float, float] | None
) -> keras.Model:
    """The network with fake quantization, starting from its float weights; `set_ranges` sets what lies between.

    Args:
        source: the range of what the network reads.
        output: the range of what it computes; training cannot move it. None lets training find it.
    """
    last = _last_computing(model)

    def annotate(layer: Any) -> Any:
        config = None  # the toolkit's default
        if output is not None and layer.name == last.name:
            config = FixedOutput(*output)
        elif isinstance(layer, _SHAPE_ONLY):
            config = configs.NoOpQuantizeConfig()
        elif _is_folded_depthwise(layer):
            config = FoldedDepthwise()
        elif is_folded(layer) and _is_folded_depthwise(layer.inbound_nodes[0].inbound_layers):
            # As the toolkit does where it folds: the activation after it has the range, else the sum itself.
            following = layer.outbound_nodes[0].layer
            activates = isinstance(following, keras.layers.ReLU) and len(layer.outbound_nodes) == 1
            config = configs.NoOpQuantizeConfig() if activates else configs.Default8BitOutputQuantizeConfig()
        elif not _known(layer) and not is_folded(layer):
            config = configs.Default8BitOutputQuantizeConfig()  # a range that follows the values that pass
        return tfmot.quantization.keras.quantize_annotate_layer(layer, config)

    annotated = keras.models.clone_model(model, clone_function=annotate)
    annotated.set_weights(model.get_weights())
    with tfmot.quantization.keras.quantize_scope({each.__name__: each for each in (FixedOutput, FoldedDepthwise)}):
        quantized = tfmot.quantization.keras.quantize_apply(annotated)
    _set_range(quantized.layers[1], *source, "")
    return quantized


def set_ranges(quantized: keras.Model, model: keras.Model, inputs: np.ndarray) -> None:
    """Sets every activation range of a quantization-aware network to what the float network's activations span.

    Args:
        inputs: float32, what the network reads.
    """
    spans = activation_spans(model, inputs)
    for layer in quantized.layers:
        name = layer.name.removeprefix(_PREFIX)
        if name in spans:
            # The last layer keeps its fixed range: FixedQuantizer has no such weights or does not read them.
            _set_range(layer, *spans[name], "post_activation", "output")


def take_weights(network: keras.Model, quantized: keras.Model) -> None:
    """Gives a float network the weights of its quantization-aware copy, as they are before they are rounded."""
    for layer in network.layers:
        if layer.weights:
            trained = quantized.get_layer(f"{_PREFIX}{layer.name}")
            values = {weight.name.rpartition("/")[2]: weight.numpy() for weight in trained.weights}
            layer.set_weights([values[weight.name.rpartition("/")[2]] for weight in layer.weights])


def activation_spans(model: keras.Model, inputs: np.ndarray) -> dict[str, tuple[float, float]]:
    """The smallest and the largest value of each layer's output, by its name; 0 always lies between.

    Args:
        inputs: float32, what the network reads.
    """
    names = [layer.name for layer in model.layers[1:]]
    watched = keras.Model(model.input, [model.get_layer(name).output for name in names])
    found = dict.fromkeys(names, (0.0, 0.0))
    for start in range(0, len(inputs), _AT_ONCE):
        outputs = watched.predict_on_batch(inputs[start : start + _AT_ONCE])
        for name, output in zip(names, outputs if len(names) > 1 else [outputs], strict=True):
            low, high = found[name]
            found[name] = min(low, float(output.min())), max(high, float(output.max()))
    return found


def _set_range(layer: Any, low: float, high: float, *kinds: str) -> None:
    for weight in layer.weights:
        name = weight.name.split(":")[0]
        for end, value in (("_min", low), ("_max", high)):
            if name.endswith(tuple(kind + end for kind in kinds)):
                weight.assign(value)


def _known(layer: Any) -> bool:
    if isinstance(layer, keras.layers.Activation):
        return layer.get_config()["activation"] in _KNOWN_ACTIVATIONS
    return bool(_REGISTRY.supports(layer))


def is_folded(layer: Any) -> bool:
    """Whether a layer is a batch normalization that the toolkit, like the converter, folds into a convolution."""
    if not isinstance(layer, keras.layers.BatchNormalization):
        return False
    before = layer.inbound_nodes[0].inbound_layers
    convolves = isinstance(before, (keras.layers.Conv2D, keras.layers.DepthwiseConv2D))
    transposed = isinstance(before, keras.layers.Conv2DTranspose)
    return convolves and not transposed and len(before.outbound_nodes) == 1 and before.activation.__name__ == "linear"


def _is_folded_depthwise(layer: Any) -> bool:
    """Whether a layer is a depthwise convolution that the batch normalization after it is folded into."""
    if not isinstance(layer, keras.layers.DepthwiseConv2D) or not layer.outbound_nodes:
        return False
    return is_folded(layer.outbound_nodes[0].layer)


def _last_computing(model: keras.Model) -> Any:
    """The layer that makes the output's values: the last one, or what a reshape at the end passes on."""
    layer = model.layers[-1]
    while isinstance(layer, _SHAPE_ONLY):
        layer = layer.inbound_nodes[0].inbound_layers
    return layer
