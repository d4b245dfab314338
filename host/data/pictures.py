"""Pictures of many sizes, as they are: read when they are looked at, and kept in memory where that is wanted."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from device.colour import luma
from device.image_file import read_image


class Pictures:
    """A sequence of images uint8 (height, width, channels), 0..255, of any sizes.

    Attributes:
        files: path and scale of each.
        channels: 3, or 1 for grey.
        keep: False reads a file each time that it is looked at.
        as_luma: the files that are looked at as `device.colour.luma`, whose channels are 1.
    """

    def __init__(
        self,
        files: Sequence[tuple[Path, float]],
        channels: int = 3,
        *,
        keep: bool = True,
        as_luma: Collection[Path] = (),
    ) -> None:
        self.files, self.channels, self.keep, self.as_luma = tuple(files), channels, keep, frozenset(as_luma)
        self._kept: dict[tuple[Path, float], np.ndarray] = {}

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> np.ndarray:
        file = self.files[index]
        if file in self._kept:
            return self._kept[file]
        read = read_image(file[0])
        image = _scaled(luma(read) if file[0] in self.as_luma else in_channels(read, self.channels), file[1])
        if self.keep:
            self._kept[file] = image
        return image

    def size(self, index: int) -> tuple[int, int]:
        """Height and width of one, read from the beginning of its file; of a photograph that lies on its side both
        change places."""
        path, scale = self.files[index]
        try:
            with Image.open(path) as image:
                return scaled_size((image.height, image.width), scale)
        except OSError:  # no kind of file that Pillow knows, or none that can be read, which is said then
            height, width, _ = self[index].shape
            return height, width

    def part(self, start: int | None, stop: int | None) -> Pictures:
        """Those from start to stop."""
        return Pictures(self.files[start:stop], self.channels, keep=self.keep, as_luma=self.as_luma)

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self[index] for index in range(len(self)))


def in_channels(image: np.ndarray, channels: int) -> np.ndarray:
    """uint8 (height, width, 1 or 3) with 3 channels, or with 1, grey."""
    if image.shape[2] > channels:
        return np.asarray(Image.fromarray(image).convert("L"))[..., None]
    return np.repeat(image, channels // image.shape[2], axis=2)


def _scaled(image: np.ndarray, scale: float) -> np.ndarray:
    if scale == 1:
        return image
    height, width = scaled_size(image.shape[:2], scale)
    resized = Image.fromarray(image.squeeze()).resize((width, height), Image.Resampling.LANCZOS)
    return np.asarray(resized).reshape(height, width, image.shape[2])


def scaled_size(size: Sequence[int], scale: float) -> tuple[int, int]:
    """Height and width of a picture that is brought to this share of its size."""
    height, width = (round(side * scale) for side in size[:2])
    return height, width
