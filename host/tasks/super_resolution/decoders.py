"""What a device that enlarges images sent, at home: the pixels; there is nothing to decode."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from device.errors import ImageError
from device.outputs.pixels import CODER_ID, PixelsDescription, read_pixels
from device.stream import pack, unpack
from host.data.split import Split
from host.packaging.decoders import DecoderFolder
from host.tasks.pictures import Baseline
from host.tasks.super_resolution.judging import judge
from host.tasks.super_resolution.pairs import enlarged, large_luma, reduced

_LEAST = 3  # sides, in factors: a border of one factor on either side is not judged


class SuperResolutionDecoders:
    """See `host.tasks.task.Decoders`."""

    names: tuple[str, ...] = ("own",)
    makes_pictures, given_originals = True, False
    runtime: str | None = None

    def __init__(self, home: DecoderFolder) -> None:
        self.description: PixelsDescription = home.output
        self._tag = home.tag

    @property
    def remark(self) -> str:
        factor = self.description.factor
        return (
            "The network enlarges luma (brightness) alone. Its input is the luma of the original, reduced by cubic "
            f"convolution to 1/{factor} of each side. The pictures are luma; PSNR and SSIM leave out a border of "
            f"{factor} pixels."
        )

    def given(self, originals: Split) -> Split:
        """The luma, reduced; raises ImageError for a picture with nothing to judge inside its border."""
        return Split([reduced(self._large(picture), self.description.factor) for picture in originals.pictures])

    def truths(self, originals: Split) -> list[np.ndarray]:
        """The luma, cropped to a multiple of the factor; raises ImageError as `given`."""
        return [self._large(picture) for picture in originals.pictures]

    def judge(self, truth: np.ndarray, made: np.ndarray) -> dict[str, float | None]:
        """PSNR and SSIM of the luma, without the border; and the gain over cubic convolution."""
        return judge(truth, made, self.description.factor)

    def baselines(self, given: np.ndarray, budget_bytes: int | None) -> Iterator[Baseline]:
        """Cubic convolution in the network's place, whose pixels are sent as the network's are."""
        height, width = given.shape[:2]
        yield Baseline(
            "bicubic",
            "Bicubic",
            lambda: pack(enlarged(given, self.description.factor).tobytes(), CODER_ID, self._tag, height, width),
            lambda stream: self.numbers(unpack(stream)[1], height, width),
        )

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

    def _large(self, picture: np.ndarray) -> np.ndarray:
        factor, (height, width) = self.description.factor, picture.shape[:2]
        if min(height, width) < _LEAST * factor:
            raise ImageError(
                f"picture of {width} x {height} pixels; enlarging by {factor} is judged from {_LEAST * factor} pixels "
                "a side on; take a larger one"
            )
        return large_luma(picture, factor)
