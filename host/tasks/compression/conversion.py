"""Keras -> .tflite: one literal table of conversions, applied to the encoder, the decoder and both together.

The latent has one grid per model. int8 encoders end on it by fake quantization with a fixed range, so that calibration
cannot move it; the same on 0..1 at the decoder's output gives scale 1/255 and zero point -128, and clips for nothing.
At the inputs fake quantization would leave DEQUANTIZE and QUANTIZE behind: there the calibration data reach both ends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras as keras

from device.errors import one_line
from device.quantization import LatentGrid
from host.errors import ExportError
from host.networks.grid import grid_range, on_grid
from host.quantization.joining import join
from host.quiet import quiet
from host.tasks.compression.halves import Halves

PARTS = ("encoder", "decoder", "full")


@dataclass(frozen=True)
class Conversion:
    """`types`: weights' types where only they change; `operations`: integer kernels; `io`: type of both ends."""

    optimize: bool
    types: tuple[tf.DType, ...] = ()
    operations: tf.lite.OpsSet | None = None
    io: tf.DType = tf.float32


CONVERSIONS: dict[str, Conversion] = {
    "float32": Conversion(False),
    "float16": Conversion(True, types=(tf.float16,)),
    "dynamic_range": Conversion(True),
    "int8": Conversion(True, operations=tf.lite.OpsSet.TFLITE_BUILTINS_INT8, io=tf.int8),
    "int16x8": Conversion(
        True, operations=tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8, io=tf.int16
    ),
}


def convert(halves: Halves, part: str, conversion: str, images: np.ndarray) -> bytes:
    """Converts one part for batch 1.

    Args:
        part: encoder, decoder or full.
        conversion: a key of CONVERSIONS.
        images: float32 (count, height, width, channels), 0..1, representative; not read by float conversions.

    Raises:
        ExportError: the converter refuses an operation, as it does where that has no 16-bit kernel.
    """
    if part == "full" and conversion == "int8":
        return join(*(convert(halves, half, conversion, images) for half in ("encoder", "decoder")))
    table = CONVERSIONS[conversion]
    model = _PARTS[part](halves, conversion)
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if table.optimize:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if table.types:
        converter.target_spec.supported_types = list(table.types)
    if table.operations is not None:
        converter.target_spec.supported_ops = [table.operations]
        converter.inference_input_type = converter.inference_output_type = table.io
        samples = _calibration_latents(halves, images) if part == "decoder" else _reaching(images, 0.0, 1.0)
        converter.representative_dataset = lambda: ([sample[None]] for sample in samples)
    try:
        with quiet():
            return bytes(converter.convert())
    except Exception as error:  # what the converter raises is of no one type, and may be empty
        reason = one_line(error) or "TensorFlow's converter does not say why"
        raise ExportError(f"{part}: cannot be converted to {conversion} ({reason})") from error


def _fixed(grid: LatentGrid) -> Callable[[Any], Any]:
    low, high = grid_range(grid)
    return lambda latent: tf.quantization.fake_quant_with_min_max_args(latent, low, high)


def _pixels(image: Any) -> Any:
    return tf.quantization.fake_quant_with_min_max_args(image, 0.0, 1.0)


def _encoder(halves: Halves, conversion: str) -> keras.Model:
    image = keras.Input(halves.encoder.input_shape[1:], batch_size=1, name="image")
    latent = halves.encoder(image)
    if conversion == "int8" and not halves.quantized:
        latent = _fixed(halves.grid)(latent)
    return keras.Model(image, latent)


def _decoder(halves: Halves, conversion: str) -> keras.Model:
    latent = keras.Input(halves.decoder.input_shape[1:], batch_size=1, name="latent")
    image = halves.decoder(latent)
    if conversion == "int8" and not halves.quantized:
        image = _pixels(image)
    return keras.Model(latent, image)


def _full(halves: Halves, conversion: str) -> keras.Model:
    image = keras.Input(halves.encoder.input_shape[1:], batch_size=1, name="image")
    latent = halves.encoder(image)
    if conversion != "int16x8":  # ROUND has no 16-bit kernel: the full int16x8 model keeps its 16-bit latent
        latent = on_grid(latent, halves.grid)
    return keras.Model(image, halves.decoder(latent))


_PARTS: dict[str, Callable[[Halves, str], keras.Model]] = {"encoder": _encoder, "decoder": _decoder, "full": _full}


def _calibration_latents(halves: Halves, images: np.ndarray) -> np.ndarray:
    """The latents of the representative images, on the grid and reaching its ends."""
    latents = on_grid(halves.encoder.predict(images, batch_size=100, verbose=0), halves.grid).numpy()
    return _reaching(latents, *grid_range(halves.grid))


def _reaching(samples: np.ndarray, low: float, high: float) -> np.ndarray:
    """The samples with two values of the first moved to the range's ends, which fixes the input's scale."""
    samples = samples.copy()
    samples[0].flat[0], samples[0].flat[-1] = low, high
    return samples
