"""The half of splitlite that goes onto the device: images in, bitstreams out, and what that costs.

It needs Python 3.9, numpy and a TFLite runtime, nothing else; the folder can be copied anywhere as it is.
Importing it loads none of them yet.

    import device
    encoder = device.open_encoder("cifar10-ae-mse", "int8")
    bitstream = encoder.encode(image)  # image: uint8 (32, 32, 3)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from .encoder import Encoder

__version__ = "0.1.0"
__all__ = ["open_encoder"]


def open_encoder(bundle: str | Path, variant: str = "int8", threads: int = 1, runtime: str | None = None) -> Encoder:
    """Loads an encoder.

    Args:
        bundle: path of a bundle, or the name of one in device/bundles.
        variant: one of those in the bundle.
        threads: that the runtime may use.
        runtime: "ai_edge_litert" or "tflite_runtime"; None takes the first that is installed.

    Raises:
        BundleError: no such bundle or variant, or a damaged one.
        ModelLoadError: the runtime cannot load the encoder.
        RuntimeUnavailableError: no runtime that works is installed.
    """
    from .bundle import read_bundle
    from .encoder import Encoder, find_bundle
    from .runtime import load_runtime

    return Encoder(read_bundle(find_bundle(bundle)), variant, threads, load_runtime(runtime))
