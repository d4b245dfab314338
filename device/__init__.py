"""The half of splitlite that goes onto the device: images in; bitstreams, labels or larger images out; what that costs.

It needs Python 3.9, numpy and a TFLite runtime, nothing else; the folder can be copied anywhere as it is.
Importing it loads none of them yet.

    import device
    encoder = device.open_encoder("cifar10-ae-mse", "int8")
    bitstream = encoder.encode(image)  # image: uint8 (32, 32, 3)

    encoder = device.open_encoder("photo", quality=3)
    bitstream = encoder.encode(photograph)  # photograph: uint8 (height, width, 3)

    classifier = device.open_classifier("mobilenetv2-cifar10", "int8")
    label, probability = classifier.classify(image)[0]  # best first

    upscaler = device.open_upscaler("espcn-x3", "int8")
    larger = upscaler.upscale(photograph)  # uint8 (3 * height, 3 * width, 3)

Every error that it raises on purpose is a `SplitliteError`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import errors

if TYPE_CHECKING:
    from pathlib import Path

    from .classifier import Classifier
    from .pipeline import Pipeline
    from .upscaler import Upscaler

__version__ = "0.1.0"
BitstreamError, BundleError, ImageError = errors.BitstreamError, errors.BundleError, errors.ImageError
CoderError, ModelLoadError, RunFileError = errors.CoderError, errors.ModelLoadError, errors.RunFileError
RuntimeUnavailableError, SplitliteError = errors.RuntimeUnavailableError, errors.SplitliteError


def open_encoder(
    bundle: str | Path,
    variant: str = "int8",
    threads: int = 1,
    runtime: str | None = None,
    quality: int | None = None,
) -> Pipeline:
    """Loads an encoder.

    Args:
        bundle: path of a bundle, or the name of one in device/bundles.
        variant: one of those in the bundle.
        threads: that the runtime may use.
        runtime: "ai_edge_litert" or "tflite_runtime"; None takes the first that is installed.
        quality: of a codec, from 0, the smallest bitstreams; None takes one in the middle.

    Raises:
        BundleError: no such bundle, variant or quality, or a damaged one.
        ModelLoadError, RuntimeUnavailableError: the runtime cannot load the encoder, or none is installed.
    """
    from .bundle import read_bundle
    from .pipeline import Pipeline, find_bundle
    from .runtime import load_runtime

    found = read_bundle(find_bundle(bundle))
    return Pipeline(found, found.find(variant, quality).name, threads, load_runtime(runtime))


def open_classifier(
    bundle: str | Path, variant: str = "int8", threads: int = 1, runtime: str | None = None
) -> Classifier:
    """Loads a classifier; takes and raises what `open_encoder` does.

    Raises:
        BundleError: also for the bundle of another task.
    """
    from .bundle import read_bundle
    from .classifier import Classifier
    from .pipeline import find_bundle
    from .runtime import load_runtime

    return Classifier(read_bundle(find_bundle(bundle)), variant, threads, load_runtime(runtime))


def open_upscaler(bundle: str | Path, variant: str = "int8", threads: int = 1, runtime: str | None = None) -> Upscaler:
    """Loads what enlarges images; takes and raises what `open_encoder` does.

    Raises:
        BundleError: also for the bundle of another task.
    """
    from .bundle import read_bundle
    from .pipeline import find_bundle
    from .runtime import load_runtime
    from .upscaler import Upscaler

    return Upscaler(read_bundle(find_bundle(bundle)), variant, threads, load_runtime(runtime))
