"""The latent of a photograph of any size: one position for each block of pixels, and what lies around the image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ...errors import BundleError
from ...files import check_json
from ...quantization import Array

_GRID = {
    **dict.fromkeys(("block", "before", "after", "channels", "plain", "parts"), int),
    "step": (int, float),
}


@dataclass(frozen=True)
class BlockGrid:
    """Shape and meaning of the codes of one quality: int8 (rows, columns, channels), C order.

    Attributes:
        block: side of a block in pixels.
        before, after: how many pixels above (and left of), below (and right of) its blocks the encoder reads.
        channels: codes of a block.
        plain: the first channels, whose codes are what the encoder's tensor holds.
        parts: into how many it divides the step in the others: 1, or 2, and then these are halved towards zero.
        step: latent units per code.
    """

    block: int
    before: int
    after: int
    channels: int
    plain: int
    parts: int
    step: float

    def __post_init__(self) -> None:
        if min(self.block, self.channels) < 1 or min(self.before, self.after, self.plain) < 0 or not self.step > 0:
            raise BundleError(f"latent {self.to_dict()}: block, channels and step must be positive, the rest not less")
        if self.parts not in (1, 2):
            raise BundleError(f"latent.parts: {self.parts}, known here are 1 and 2; update this splitlite")

    def shape(self, height: int, width: int) -> tuple[int, int, int]:
        """Of the codes of an image: (rows, columns, channels)."""
        return -(-height // self.block), -(-width // self.block), self.channels

    def pixels(self, blocks: int) -> int:
        """What the encoder reads for so many blocks side by side."""
        return self.before + blocks * self.block + self.after

    def codes(self, tensor: Array) -> Array:
        """The codes that the encoder's output int8 (..., channels) holds; changes it in place."""
        if self.parts == 2:
            # All of them, then the plain ones again: long runs are quicker than rows of a block's last channels.
            plain = tensor[..., : self.plain].copy()
            tensor += tensor < 0
            tensor >>= 1
            tensor[..., : self.plain] = plain
        return tensor

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, value: Any, where: str = "latent") -> BlockGrid:
        """From JSON; raises BundleError naming `where` for a missing or mistyped key."""
        check_json(value, _GRID, BundleError, where)
        return cls(**{**{key: value[key] for key in _GRID}, "step": float(value["step"])})


def reflected(begin: int, count: int, size: int) -> Array:
    """Which pixels stand at `begin`, `begin + 1`, ... beside an image: intp (count,), 0..size - 1.

    As numpy.pad with "reflect" does, in its newer versions: the edge is not repeated, and an image smaller than what
    lies beside it is reflected again and again.
    """
    period = max(1, 2 * (size - 1))
    places = np.arange(begin, begin + count) % period
    return np.minimum(places, period - places) if size > 1 else np.zeros(count, np.intp)


def put_pixels(image: Array, corner: Sequence[int], out: Array) -> None:
    """Writes the part of an image that begins at `corner`, by reflection where it leaves the image, as int8.

    Args:
        image: uint8 (height, width, 3).
        corner: row and column in the image; negative above and left of it.
        out: int8 (rows, columns, 3): each pixel XOR 0x80.
    """
    (top, left), (height, width, _) = corner, image.shape
    rows, columns, _ = out.shape
    inside = slice(max(0, -left), min(columns, width - left))
    flip = np.uint8(0x80)
    target = out.view(np.uint8)
    if top >= 0 and top + rows <= height:
        source = image[top : top + rows]
    else:
        source = image[reflected(top, rows, height)]
    np.bitwise_xor(source[:, left + inside.start : left + inside.stop], flip, out=target[:, inside])
    for begin, end in ((0, inside.start), (inside.stop, columns)):
        if begin < end:
            target[:, begin:end] = source[:, reflected(left + begin, end - begin, width)] ^ flip
