"""Quantization-aware training by hand, with TensorFlow's own fake quantization, beside the toolkit's in `aware`.

B. Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference" (2018),
section 3. What differs from the toolkit:

- Batch normalizations are folded into their convolutions before the training starts, with the statistics that the
  float stage left: training computes what the device computes. Folding each batch's own statistics (section 3.2) would
  cost every convolution twice.
- Every kernel is rounded channel by channel, on the range -max..max of each channel, those of depthwise and dense
  layers too, as the converter rounds them. The toolkit rounds these two with one range for the whole kernel. Before
  any training, MobileNetV2's features (width 0.35, ImageNet weights, 100 images of CIFAR-10) keep 9.6 dB of signal to
  quantization noise here and 6.3 dB there; folded kernels with one range for each depthwise kernel keep none.
- Ranges of activations start from what the float network's span, and follow with a memory of about 100 steps. Those of
  tanh, sigmoid and softmax are fixed, as in the file: from -1 or 0 to a step below 1.
- Single layers may be quantized, the others stay in floating point; and fewer than 8 bits can be tried.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras as keras

from host.errors import ModelError
from host.quantization.aware import activation_spans, is_folded, rounded

_DECAY = 0.99  # of the ranges of activations
_KERNELS = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D, keras.layers.Dense)
_PASS_ON = (  # their output has the scale of their input
    *(keras.layers.Reshape, keras.layers.Flatten, keras.layers.Permute),
    *(keras.layers.ZeroPadding2D, keras.layers.Cropping2D, keras.layers.UpSampling2D),
    *(keras.layers.MaxPooling2D, keras.layers.AveragePooling2D, keras.layers.GlobalMaxPooling2D),
    *(keras.layers.Dropout, keras.layers.SpatialDropout2D, keras.layers.GaussianNoise, keras.layers.GaussianDropout),
)
_FIXED = {"softmax": 0.0, "sigmoid": 0.0, "tanh": -1.0}  # from here to 1, on a grid that their kernel in the file fixes
_FUSED = ("relu", "relu6")  # computed by the operation before them
_FUSING = (*_KERNELS, keras.layers.BatchNormalization, keras.layers.Add)


class FakeQuantized(keras.layers.Wrapper):
    """A layer that computes with its kernel, its input or its output rounded.

    Args:
        source: a fixed range that the input is rounded on, to 8 bits; None leaves it.
        weight_bits: of the kernel; None leaves it.
        activation_bits: of the output; None leaves it.
        fixed: where the output is rounded between this and 1; None: on a range that follows what passes.

    Attributes:
        rounds: whether the kernel, and an output on a fixed range, are rounded. The converter wants them as they are,
            and rounds them in the same way.
    """

    def __init__(
        self,
        layer: Any,
        source: tuple[float, float] | None,
        weight_bits: int | None,
        activation_bits: int | None,
        fixed: float | None = None,
    ) -> None:
        super().__init__(layer, name=layer.name)
        self.source, self.weight_bits, self.activation_bits, self.fixed = source, weight_bits, activation_bits, fixed
        self.ranged, self.rounds = activation_bits is not None and fixed is None, True

    def build(self, input_shape: Any) -> None:
        """Makes the range beside the layer's own weights."""
        super().build(input_shape)
        if self.ranged:
            self.low, self.high = (
                self.add_weight(name=end, shape=(), initializer=keras.initializers.Constant(start), trainable=False)
                for end, start in (("low", -6.0), ("high", 6.0))
            )

    def call(self, inputs: Any, training: Any = None) -> Any:
        """In training the range moves first."""
        if self.source is not None:
            inputs = tf.quantization.fake_quant_with_min_max_args(inputs, *self.source)
        made = self._computed(inputs) if isinstance(self.layer, _KERNELS) else self.layer(inputs)
        if self.fixed is not None and self.activation_bits is not None and self.rounds:
            step = (1 - self.fixed) / 2**self.activation_bits
            return tf.quantization.fake_quant_with_min_max_args(made, self.fixed, 1 - step, self.activation_bits)
        if not self.ranged:
            return made
        if training:
            self.low.assign(_DECAY * self.low + (1 - _DECAY) * tf.minimum(tf.reduce_min(made), 0.0))
            self.high.assign(_DECAY * self.high + (1 - _DECAY) * tf.maximum(tf.reduce_max(made), 0.0))
        return tf.quantization.fake_quant_with_min_max_vars(made, self.low, self.high, self.activation_bits)

    def _computed(self, inputs: Any) -> Any:
        layer = self.layer
        bits = self.weight_bits if self.rounds else None
        kernel = kernel_of(layer) if bits is None else rounded_kernel(layer, bits)
        return layer.activation(tf.nn.bias_add(computed(layer, inputs, kernel), layer.bias))


def kernel_of(layer: Any) -> Any:
    """The kernel of a convolution or a dense layer."""
    return layer.depthwise_kernel if isinstance(layer, keras.layers.DepthwiseConv2D) else layer.kernel


def rounded_kernel(layer: Any, bits: int = 8) -> Any:
    """The same as the file has it: rounded channel by channel."""
    kernel = kernel_of(layer)
    depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
    return rounded(kernel, int(np.prod(kernel.shape[2:] if depthwise else kernel.shape[-1:])), bits)


def computed(layer: Any, inputs: Any, kernel: Any) -> Any:
    """What a convolution or a dense layer makes with another kernel, without bias and activation."""
    if isinstance(layer, keras.layers.DepthwiseConv2D):
        places = {"strides": layer.strides, "padding": layer.padding, "dilation_rate": layer.dilation_rate}
        return keras.backend.depthwise_conv2d(inputs, kernel, **places)
    if isinstance(layer, keras.layers.Dense):
        return tf.linalg.matmul(inputs, kernel)
    return layer.convolution_op(inputs, kernel)


def quantization_aware(
    model: keras.Model,
    source: tuple[float, float],
    layers: Collection[str] | None = None,
    weight_bits: int | None = 8,
    activation_bits: int | None = 8,
) -> keras.Model:
    """The network with fake quantization, starting from its float weights; `set_ranges` sets what lies between.

    Args:
        model: functional, each layer called once.
        source: the range of what the network reads.
        layers: names of those that compute with rounded kernels, and read and make rounded values; None: all.
        weight_bits, activation_bits: of them; None leaves these in floating point.

    Raises:
        ModelError: no layer is chosen, or one is a Conv2DTranspose. It is a Conv2D to Keras, but computes something
            else.
    """
    if layers is not None and not layers:
        raise ModelError(f"{model.name}: no layer to quantize; name some, or None for all")
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2DTranspose):
            raise ModelError(
                f"{layer.name}: no fake quantization by hand of a Conv2DTranspose; take the toolkit's (qat)"
            )
    chosen = _with_merged(model, [layer.name for layer in model.layers] if layers is None else layers)

    def wrapped(layer: Any) -> Any:
        copy, own = _without_normalization(layer), layer.name in chosen
        read = own or any(reader.name in chosen for reader in _readers(layer))
        weights = weight_bits if own and isinstance(layer, _KERNELS) else None
        fixed = _fixed_start(layer)
        rounds = read and (fixed is not None or _has_range(layer))
        made = activation_bits if rounds else None
        inputs = source if own and layer.inbound_nodes[0].inbound_layers is model.layers[0] else None
        if weights or made or inputs or isinstance(layer, _KERNELS):
            return FakeQuantized(copy, inputs, weights, made, fixed)
        return copy

    quantized = keras.models.clone_model(model, clone_function=wrapped)
    for layer in model.layers:
        if layer.weights and not is_folded(layer):
            copy = quantized.get_layer(layer.name)
            weights = _folded_weights(layer) if isinstance(layer, _KERNELS) else layer.get_weights()
            (copy.layer if isinstance(copy, FakeQuantized) else copy).set_weights(weights)
    return quantized


def set_ranges(quantized: keras.Model, model: keras.Model, inputs: np.ndarray) -> None:
    """Sets every activation range to what the float network's activations span.

    Args:
        inputs: float32, what the network reads.
    """
    spans = activation_spans(model, inputs)
    for layer in quantized.layers:
        if isinstance(layer, FakeQuantized) and layer.ranged:
            for end, value in zip((layer.low, layer.high), spans[layer.name], strict=True):
                end.assign(value)


def plain(quantized: keras.Model) -> keras.Model:
    """The same network, with its weights, without fake quantization."""

    def unwrapped(layer: Any) -> Any:
        inner = layer.layer if isinstance(layer, FakeQuantized) else layer
        return type(inner).from_config(inner.get_config())

    found = keras.models.clone_model(quantized, clone_function=unwrapped)
    for layer in quantized.layers:
        inner = layer.layer if isinstance(layer, FakeQuantized) else layer
        found.get_layer(layer.name).set_weights(inner.get_weights())
    return found


def settled(quantized: keras.Model) -> keras.Model:
    """As `plain`, with the kernels as they were rounded in training.

    Training pulls weights to the edge between two steps (M. Nagel et al., "Overcoming Oscillations in
    Quantization-Aware Training", 2022), where a file's converter may round them the other way: with 4 bits that costs.
    """
    found = plain(quantized)
    for layer in quantized.layers:
        if isinstance(layer, FakeQuantized) and layer.weight_bits is not None:
            kernel_of(found.get_layer(layer.name)).assign(rounded_kernel(layer.layer, layer.weight_bits))
    return found


def leave_kernels(quantized: keras.Model) -> None:
    """Leaves to the converter the rounding that it does itself, of kernels and on fixed ranges.

    Fake quantization of some kernels it cannot convert.
    """
    for layer in quantized.layers:
        if isinstance(layer, FakeQuantized):
            layer.rounds = False


def _with_merged(model: keras.Model, layers: Collection[str]) -> set[str]:
    """Names of layers, and of those after them that are computed by the same operation."""
    found = set(layers)
    for layer in model.layers:  # each after those that it reads
        before = layer.inbound_nodes[0].inbound_layers if layer.inbound_nodes else None
        if isinstance(before, keras.layers.Layer) and before.name in found and (is_folded(layer) or _is_fused(layer)):
            found.add(layer.name)
    return found


def _readers(layer: Any) -> Iterator[Any]:
    """The layers that read a layer's values, also behind those that only pass them on."""
    for node in layer.outbound_nodes:
        yield node.layer
        if isinstance(node.layer, _PASS_ON):
            yield from _readers(node.layer)


def _without_normalization(layer: Any) -> Any:
    """A copy of a layer: a convolution has biases, a batch normalization that is folded does nothing."""
    if is_folded(layer):
        return keras.layers.Activation("linear", name=layer.name)
    config = layer.get_config()
    if isinstance(layer, _KERNELS):
        config["use_bias"] = True
    return type(layer).from_config(config)


def _folded_weights(layer: Any) -> list[np.ndarray]:
    """[kernel, biases] of a layer, with the batch normalization that is folded into it."""
    kernel, *biases = layer.get_weights()
    depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
    shape = kernel.shape[2:] if depthwise else kernel.shape[-1:]
    bias = biases[0] if biases else np.zeros(int(np.prod(shape)), np.float32)
    following = _following(layer)
    if following is not None and is_folded(following):
        normal = following
        scale = 1 / np.sqrt(normal.moving_variance.numpy() + normal.epsilon)
        scale = scale if normal.gamma is None else scale * normal.gamma.numpy()
        bias = (bias - normal.moving_mean.numpy()) * scale
        bias = bias if normal.beta is None else bias + normal.beta.numpy()
        kernel = kernel * scale.reshape(shape)
    return [kernel, bias]


def _has_range(layer: Any) -> bool:
    """Whether a layer's output is a tensor of its own in the file, with a range that training finds."""
    if isinstance(layer, (*_PASS_ON, keras.layers.InputLayer)):
        return False
    following = _following(layer)
    if following is None or _activation(layer) != "linear" or not isinstance(layer, _FUSING):
        return True
    return not (is_folded(following) or _is_fused(following))


def _fixed_start(layer: Any) -> float | None:
    """The low end of a range that the output has in every file; None for layers whose range training finds."""
    return _FIXED.get("softmax" if isinstance(layer, keras.layers.Softmax) else _activation(layer))


def _activation(layer: Any) -> str:
    return str(getattr(getattr(layer, "activation", None), "__name__", "linear"))


def _is_fused(layer: Any) -> bool:
    if isinstance(layer, keras.layers.ReLU):
        return layer.max_value in (None, 6) and not layer.negative_slope and not layer.threshold
    return isinstance(layer, keras.layers.Activation) and layer.activation.__name__ in _FUSED


def _following(layer: Any) -> Any | None:
    """The one layer that reads a layer's output; None where several do, or none."""
    nodes = layer.outbound_nodes
    return nodes[0].layer if len(nodes) == 1 else None
