"""What a device that enlarges images sent, at home: the pixels; there is nothing to decode."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from device.outputs.pixels import PixelsDescription, read_pixels
from host.data.split import Split
from host.packaging.decoders import DecoderFolder
from host.tasks.super_resolution.judging import judge
from host.tasks.super_resolution.pairs import large_luma, reduced


class SuperResolutionDecoders:
    """See `host.tasks.task.Decoders`."""

    names: tuple[str, ...] = ("own",)
    makes_pictures, given_originals = True, False
    runtime: str | None = None

    def __init__(self, home: DecoderFolder) -> None:
        self.description: PixelsDescription = home.output

    def given(self, originals: Split) -> Split:
        """The luma, reduced."""
        factor = self.description.factor
        return Split([reduced(large_luma(picture, factor), factor) for picture in originals.pictures])

    def truths(self, originals: Split) -> list[np.ndarray]:
        """The luma, cropped to a multiple of the factor."""
        return [large_luma(picture, self.description.factor) for picture in originals.pictures]

    def judge(self, truth: np.ndarray, made: np.ndarray) -> dict[str, float | None]:
        """PSNR and SSIM of the luma, without the border; and the gain over cubic convolution."""
        return judge(truth, made, self.description.factor)

    def numbers(self, payload: bytes, height: int, width: int) -> np.ndarray:
        """The pixels, uint8 (height, width, 1) of the enlarged image; raises BitstreamError."""
        return read_pixels(payload, self.description, height, width)

    def restore(self, name: str, numbers: Sequence[np.ndarray], sizes: Sequence[tuple[int, int]]) -> list[np.ndarray]:
        """The pixels as they were sent."""
        return list(numbers)

    def whole(self) -> None:
        """None: the network on the device is the whole network."""

    def sizes(self, name: str) -> dict[str, int]:
        """Nothing stays home."""
        return {}
