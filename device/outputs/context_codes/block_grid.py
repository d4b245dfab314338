"""The latent of an image of any size: one position for each block of pixels."""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import BundleError
from ...quantization import Array


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
            raise BundleError(f"{self}: block, channels and step must be positive, the rest not less")
        if self.parts not in (1, 2):
            raise BundleError(f"latent.parts: {self.parts}, known here are 1 and 2; update this splitlite")

    def shape(self, height: int, width: int) -> tuple[int, int, int]:
        """Of the codes of an image: (rows, columns, channels)."""
        return -(-height // self.block), -(-width // self.block), self.channels

    def codes(self, tensor: Array) -> Array:
        """The codes that the encoder's output int8 (..., channels) holds; changes it in place."""
        if self.parts == 2:
            # All of them, then the plain ones again: long runs are quicker than rows of a block's last channels.
            plain = tensor[..., : self.plain].copy()
            tensor += tensor < 0
            tensor >>= 1
            tensor[..., : self.plain] = plain
        return tensor
