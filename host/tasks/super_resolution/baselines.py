"""What stands beside the variants: cubic convolution, the networks in Keras, and widths that no file holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import tensorflow as tf
import tf_keras as keras

from device.inputs.strips import put_pixels
from host.data import DataSet
from host.data.kept_images import read_images
from host.metrics import PSNR, SSIM, means, only
from host.quantization import by_hand
from host.quantization.awareness import PIXELS
from host.results import Row
from host.spec.model_folder import ModelFolder
from host.tasks.super_resolution.judging import judge, least_gain
from host.tasks.super_resolution.networks import halo, is_aware, load_network, spread
from host.tasks.super_resolution.pairs import enlarged, large_luma, reduced
from host.tasks.super_resolution.work import patch_pairs
from host.timing import timed

BICUBIC = "bicubic"
_WIDTHS = range(4, 9)  # bits that are simulated

Enlarge = Callable[[np.ndarray], np.ndarray]


def baselines(model: ModelFolder, data: DataSet) -> Iterator[Row]:
    """Rows over `data.test`.

    - "bicubic": Pillow's cubic convolution, which any network must beat.
    - "keras", "keras <stage>": the networks of the stages float and of quantization-aware ones, as training sees them.
    - "simulated w4", "simulated a4", "simulated w4 a4" and so on: the stage float's network with weights, activations
      or both rounded to so many bits, without any training.
    """
    spec = model.spec
    factor = spec.options.factor
    pictures = data.test.pictures
    bicubic = _judged(BICUBIC, pictures, factor, lambda small: enlarged(small, factor))
    first = reduced(large_luma(pictures[0], factor), factor)
    yield replace(bicubic, latency={"device": timed(lambda: enlarged(first, factor), "pillow")})
    network = load_network(model, "float")
    border = halo(spec, network)
    yield _judged("keras", pictures, factor, _running(network, factor, border))
    for name in spec.training.stages:
        if is_aware(model, name) and model.weights(name).is_file():
            aware = load_network(model, name)
            yield _judged(f"keras {name}", pictures, factor, _running(aware, factor, border))
    small, _ = patch_pairs(read_images(model).calibration, factor, 0)
    for label, bits in _simulated().items():
        rounded = by_hand.quantization_aware(network, PIXELS, None, *bits)
        by_hand.set_ranges(rounded, network, small / np.float32(255))
        yield _judged(f"simulated {label}", pictures, factor, _running(rounded, factor, border))


def _simulated() -> dict[str, tuple[int | None, int | None]]:
    """By name: bits of weights and of activations; None leaves them as they are."""
    found: dict[str, tuple[int | None, int | None]] = {f"w{bits}": (bits, None) for bits in _WIDTHS}
    found |= {f"a{bits}": (None, bits) for bits in _WIDTHS}
    return found | {f"w{bits} a{bits}": (bits, bits) for bits in _WIDTHS}


def _running(network: keras.Model, factor: int, border: int) -> Enlarge:
    """What runs a network on images of any size, as the device does: reflected beside the image, then clipped."""
    run = tf.function(lambda pixels: spread(network(pixels, training=False), factor), reduce_retracing=True)

    def enlarge(small: np.ndarray) -> np.ndarray:
        height, width, channels = small.shape
        padded = np.empty((height + 2 * border, width + 2 * border, channels), np.uint8)
        put_pixels(small, (-border, -border), padded)
        made = run(tf.constant(padded[None] / np.float32(255))).numpy()[0]
        return np.rint(np.clip(made, 0, 1) * 255).astype(np.uint8)

    return enlarge


def _judged(name: str, pictures: Sequence[np.ndarray], factor: int, enlarge: Enlarge) -> Row:
    values = []
    for picture in pictures:
        large = large_luma(picture, factor)
        values.append(judge(large, enlarge(reduced(large, factor)), factor))
    metrics, perfect = means([only((PSNR, SSIM), each) for each in values])
    gain = least_gain(values) if name != BICUBIC else {}
    return Row(name, metrics={**metrics, **gain}, perfect_images=perfect)
