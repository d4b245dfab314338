"""TensorFlow's converter: Keras to .tflite, with the same post-training quantization for the whole network."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from device.errors import one_line
from host.errors import ExportError
from host.quiet import quiet

if TYPE_CHECKING:
    import numpy as np

    from host.quantization.recipes import Conversion


def tensorflow_converter(network: Any, conversion: Conversion, representative: Iterable[np.ndarray]) -> bytes:
    """Converts; see `host.quantization.recipes.Converter`."""
    import tensorflow as tf

    kernels = {
        "int8": tf.lite.OpsSet.TFLITE_BUILTINS_INT8,
        "int16": tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8,
    }
    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    if conversion.weights != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if conversion.weights == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if conversion.activations in kernels:
        converter.target_spec.supported_ops = [kernels[conversion.activations]]
        converter.inference_input_type = converter.inference_output_type = tf.as_dtype(conversion.activations)
        converter.representative_dataset = lambda: ([sample[None]] for sample in representative)
    try:
        with quiet():
            return bytes(converter.convert())
    except Exception as error:  # what the converter raises is of no one type, and may be empty
        raise ExportError(one_line(error) or "TensorFlow's converter does not say why") from error
