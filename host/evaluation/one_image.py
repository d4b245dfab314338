"""Sends one image through a deployed model: exported encoder, real bitstream, decoder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from device.pipeline import Pipeline, open_pipeline
from host.evaluation.receiver import Receiver, find_receiver
from host.metrics import bits_per_pixel
from host.packaging.decoders import BUILD

if TYPE_CHECKING:
    from host.tasks.task import Task


@dataclass(frozen=True)
class Deployed:
    """Both ends of a variant: what runs on the device, and what decodes its streams."""

    pipeline: Pipeline
    receiver: Receiver

    def reconstruct(self, image: np.ndarray, decoder: str = "own") -> Reconstruction:
        """Encodes and decodes an image, uint8 (height, width, channels).

        Args:
            decoder: "own" or "tuned".

        Raises:
            ImageError: a shape that the encoder does not take.
            CollectError: no such decoder, or what it makes is no picture.
        """
        stream = self.pipeline.encode(image)
        made = self.receiver.picture(stream, decoder)
        return Reconstruction(image, made, len(stream), self.receiver.task.judge(image, made))


@dataclass(frozen=True)
class Reconstruction:
    """An image, what came back of it, and the bytes between.

    Attributes:
        original, image: uint8 (height, width, channels), 0..255.
        bitstream_bytes: header included.
        metrics: by key; None where nothing differs, absent where a metric does not apply.
    """

    original: np.ndarray
    image: np.ndarray
    bitstream_bytes: int
    metrics: Mapping[str, float | None]

    @property
    def bpp(self) -> float:
        return bits_per_pixel(self.bitstream_bytes, self.original.shape)

    @property
    def ratio(self) -> float:
        """Bytes of the pixels over bytes of the bitstream."""
        return self.original.size / self.bitstream_bytes


def open_deployed(
    bundle: str | Path,
    tasks: Mapping[str, Task],
    variant: str = "int8",
    quality: int | None = None,
    build: Path = BUILD,
) -> Deployed:
    """Loads an encoder and finds its decoders.

    Args:
        bundle: a folder, or a name in device/bundles.
        quality: an operating point; None: the middle one, where there are several.
        build: where export left the decoders.

    Raises:
        BundleError: no such bundle, variant or quality; lists those that there are.
        ModelLoadError, RuntimeUnavailableError: the encoder cannot be loaded.
        CollectError: no decoders for it here.
    """
    pipeline = open_pipeline(bundle, variant, quality=quality)
    return Deployed(pipeline, find_receiver(build, pipeline.tag, tasks, pipeline.bundle.model))


def difference(original: np.ndarray, image: np.ndarray, gain: int) -> np.ndarray:
    """How far pixels are apart, times `gain`, uint8 of the same shape; black where they are equal."""
    apart = np.abs(original.astype(np.int16) - image.astype(np.int16))
    return np.minimum(apart * gain, 255).astype(np.uint8)
