"""One image through a model as it is deployed: exported encoder, real bitstream, decoder; and how far it came back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from device.pipeline import Pipeline, open_pipeline
from device.stream import unpack
from host.errors import CollectError
from host.evaluation.decoders import Decoders, read
from host.metrics import WINDOW, bits_per_pixel, psnr_db, ssim
from host.packaging.decoders import BUILD


@dataclass(frozen=True)
class Codec:
    """An encoder of a bundle, at one quality, and the decoders of its codec tag."""

    encoder: Pipeline
    decoders: Decoders

    @property
    def shape(self) -> tuple[int, int, int] | None:
        """(height, width, channels) of the images that it takes; None: photographs of any size."""
        return self.encoder.image_shape

    def encode(self, image: np.ndarray) -> bytes:
        """uint8 (height, width, channels) to its bitstream; raises ImageError for another shape."""
        return self.encoder.encode(image)

    def decode(self, stream: bytes, decoder: str = "own") -> np.ndarray:
        """A bitstream to uint8 (height, width, channels).

        Args:
            decoder: "own" or "tuned".

        Raises:
            BitstreamError: damaged, or of another codec tag.
            CollectError: no such decoder.
        """
        value = self.decoders.value
        if decoder not in self.decoders.names:
            raise CollectError(
                f"{value['model']} {value['variant']} has no {decoder} decoder; "
                f"there is: {', '.join(self.decoders.names)}"
            )
        header, payload = unpack(stream, expect_tag=value["codec_tag"])
        codes = self.decoders.codes(payload, header.height, header.width)
        return self.decoders.images(decoder, codes[None], header.height, header.width)[0]


@dataclass(frozen=True)
class Reconstruction:
    """An image, what came back of it, and the bytes between.

    Attributes:
        original, image: uint8 (height, width, channels), 0..255.
        bitstream_bytes: header included.
    """

    original: np.ndarray
    image: np.ndarray
    bitstream_bytes: int

    @property
    def psnr_db(self) -> float | None:
        """None where nothing differs."""
        return psnr_db(self.original, self.image)

    @property
    def ssim(self) -> float | None:
        """None where a side is shorter than SSIM's window."""
        return ssim(self.original, self.image) if min(self.original.shape[:2]) >= WINDOW else None

    @property
    def bpp(self) -> float:
        return bits_per_pixel(self.bitstream_bytes, self.original.shape)

    @property
    def ratio(self) -> float:
        """Bytes of the pixels over bytes of the bitstream."""
        return self.original.size / self.bitstream_bytes


def open_codec(bundle: str | Path, variant: str = "int8", quality: int | None = None, build: Path = BUILD) -> Codec:
    """Loads an encoder and finds its decoders.

    Args:
        bundle: a folder, or a name in device/bundles.
        quality: of a photo codec; None: its middle one.
        build: where export left the decoders.

    Raises:
        BundleError: no such bundle, variant or quality; lists those that there are.
        ModelLoadError, RuntimeUnavailableError: the encoder cannot be loaded.
        CollectError: no decoders for it here.
    """
    encoder = open_pipeline(bundle, variant, quality=quality)
    return Codec(encoder, read(build, encoder.bundle.model, encoder.tag))


def reconstruct_one(image: np.ndarray, codec: Codec, decoder: str = "own") -> Reconstruction:
    """Encodes and decodes an image, uint8 (height, width, channels); raises as `Codec.encode` and `Codec.decode`."""
    stream = codec.encode(image)
    return Reconstruction(image, codec.decode(stream, decoder), len(stream))


def difference(original: np.ndarray, image: np.ndarray, gain: int) -> np.ndarray:
    """How far pixels are apart, times `gain`, uint8 of the same shape; black where they are equal."""
    apart = np.abs(original.astype(np.int16) - image.astype(np.int16))
    return np.minimum(apart * gain, 255).astype(np.uint8)
