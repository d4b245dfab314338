"""TensorFlow's converter: Keras to .tflite, with the same post-training quantization for the whole network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from device.errors import one_line
from host.errors import ExportError
from host.quiet import quiet

if TYPE_CHECKING:
    import tf_keras as keras

    from host.quantization.recipes import Job


def tensorflow_converter(job: Job) -> bytes:
    """Converts; see `host.quantization.recipes.Conversion`."""
    import tensorflow as tf

    conversion, samples = job.conversion, job.samples
    kernels = {
        "int8": tf.lite.OpsSet.TFLITE_BUILTINS_INT8,
        "int16": tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8,
    }
    network = job.network
    if conversion.activations == "int8" and job.output is not None:
        network = _ending_on(network, job.output)
    converter = _converter(network)
    if conversion.weights != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if conversion.weights == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if samples is not None:
        converter.target_spec.supported_ops = [kernels[conversion.activations]]
        converter.inference_input_type = converter.inference_output_type = tf.as_dtype(conversion.activations)
        converter.representative_dataset = lambda: ([sample[None]] for sample in samples)
    try:
        with quiet():
            return bytes(converter.convert())
    except Exception as error:  # what the converter raises is of no one type, and may be empty
        raise ExportError(one_line(error) or "TensorFlow's converter does not say why") from error


def _converter(network: keras.Model) -> Any:
    """TensorFlow's converter of a Keras network, as `from_keras_model` makes it, and with the same bytes.

    That one traces every layer twice to write a SavedModel: for MobileNetV2 15 of 18 seconds.
    """
    import tensorflow as tf
    from tensorflow.lite.python import conversion_metadata_schema_py_generated as metadata

    class Variables(tf.Module):  # what the function needs kept, and nothing to trace
        def __init__(self) -> None:
            super().__init__()
            self.kept = network.variables

    (source,), (output,) = network.input_names, network.output_names
    function = tf.function(lambda values: {output: network(values, training=False)})
    signature = tf.TensorSpec(network.input_shape, tf.float32, name=source)
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [function.get_concrete_function(signature)], Variables()
    )
    converter._metadata.environment.modelType = metadata.ModelType.KERAS_MODEL  # a byte of the file
    return converter


def _ending_on(network: keras.Model, output: tuple[float, float]) -> keras.Model:
    """The network with fake quantization of a fixed range at its output, which calibration cannot move."""
    import tensorflow as tf
    import tf_keras as keras

    made = tf.quantization.fake_quant_with_min_max_args(network.output, *output)
    return keras.Model(network.input, made, name=network.name)  # the name is in the file
