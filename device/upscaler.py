"""Image to a larger picture: the network enlarges the luma, cubic convolution the chroma."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .bundle import Bundle
from .colour import chroma, enlarge, luma, picture
from .errors import BundleError, ImageError
from .outputs.pixels import PixelsDescription
from .pipeline import Pipeline
from .quantization import Array
from .runtime import Runtime
from .stream import MAX_SIDE

_STRIP_PIXELS = 1 << 17  # of the enlarged picture, of which numbers in float32 are in memory at once
_HALO = 2  # rows beside a strip that its chroma is made of


class Upscaler:
    """One variant of a super-resolution bundle, loaded; one thread at a time.

    Its `encoder` is an encoder like any other: it takes luma and makes streams of the enlarged luma.
    """

    def __init__(
        self,
        bundle: Bundle,
        variant: str = "int8",
        threads: int = 1,
        runtime: Runtime | None = None,
        delegate: Path | None = None,
    ) -> None:
        """Raises BundleError for a bundle of another task, and what opening an encoder raises."""
        entry = bundle.find(variant)
        if not isinstance(entry.output, PixelsDescription) or entry.output.channels != 1:
            raise BundleError(
                f"{bundle.folder}: enlarges nothing: {entry.name} gives {entry.output.kind}, expected pixels of luma;"
                " open it as an encoder"
            )
        self.factor = entry.output.factor
        self.encoder = Pipeline(bundle, entry.name, threads, runtime, delegate)

    def shape(self, image: Array) -> tuple[int, int, int]:
        """Of the picture that `upscale` makes of an image: (height, width, channels); raises ImageError as it does."""
        shape = getattr(image, "shape", None)
        if shape is None or image.dtype != np.uint8 or len(shape) != 3 or shape[2] not in (1, 3):
            found = type(image).__name__ if shape is None else f"{image.dtype} {shape}"
            raise ImageError(
                f"image is {found}, expected uint8 (height, width, 3), or 1 for grey; make it 8 bits without alpha"
            )
        if not 0 < min(shape[:2]) <= max(shape[:2]) <= MAX_SIDE:
            raise ImageError(f"image is uint8 {shape}, expected sides of 1 to {MAX_SIDE} pixels; cut it into parts")
        return shape[0] * self.factor, shape[1] * self.factor, shape[2]

    def upscale(self, image: Array) -> Array:
        """A picture `factor` times as high and as wide: uint8 (height, width, channels).

        Args:
            image: uint8 (height, width, 3), or (height, width, 1): grey; 0..255, of any size.

        Raises:
            ImageError: an image of another shape or dtype.
        """
        made_shape = self.shape(image)
        light = self.encoder.numbers(luma(image))
        height, width, channels = image.shape
        grey = channels == 1
        # A grey picture takes the place of its luma, which is ours.
        made: Array = light if grey else np.empty(made_shape, np.uint8)
        rows = max(1, _STRIP_PIXELS // (width * self.factor**2))
        for top in range(0, height, rows):
            end = min(top + rows, height)
            place = slice(top * self.factor, end * self.factor)
            made[place] = picture(light[place], None if grey else self._colour(image, top, end))
        return made

    def _colour(self, image: Array, top: int, end: int) -> Array:
        """The enlarged chroma of some rows of an image."""
        above = max(0, top - _HALO)
        return enlarge(chroma(image[above : end + _HALO]), self.factor, slice(top - above, end - above))
