"""What a data set is made of: images, and labels where there are any; and which images calibrate a conversion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from host.data.pictures import Pictures
from host.data.stream import ImageFiles
from host.errors import DataError

Images = np.ndarray | ImageFiles | Pictures | list[np.ndarray]


@dataclass(frozen=True)
class Split:
    """A part of a data set.

    Attributes:
        images: an array uint8 (count, height, width, channels), 0..255; files that are read as training goes along;
            or pictures of several sizes, uint8 (height, width, channels) each.
        labels: int64 (count,), indices of `DataSet.classes`; None where the source has none.
        weights: float (count,), how often training draws each image, sum 1; None draws all alike.
    """

    images: Images
    labels: np.ndarray | None = None
    weights: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.images)

    @property
    def array(self) -> np.ndarray:
        """The images, where they are all in memory and of one size."""
        assert isinstance(self.images, np.ndarray)
        return self.images

    @property
    def pictures(self) -> Sequence[np.ndarray]:
        """The images one by one, in memory or read as they are looked at; not those that training streams."""
        assert not isinstance(self.images, ImageFiles)
        return self.images  # type: ignore[return-value]  # an array is a sequence of arrays in all but name

    def part(self, start: int | None, stop: int | None) -> Split:
        """The images from start to stop; not of those that training streams."""
        assert not isinstance(self.images, ImageFiles)
        images = self.images
        some = images.part(start, stop) if isinstance(images, Pictures) else images[start:stop]
        return Split(some, None if self.labels is None else self.labels[start:stop])


def check_sides(split: Split, least: int) -> None:
    """Raises DataError where the shorter side of an image has fewer pixels than `least`; names the first one's file."""
    for index in range(len(split) if least > 1 else 0):
        images = split.images
        if isinstance(images, Pictures):
            name, size = str(images.files[index][0]), images.size(index)
        else:
            name, size = f"image {index}", split.pictures[index].shape[:2]
        if min(size) < least:
            raise DataError(
                f"{name}: {size[0]} x {size[1]} pixels, expected sides of at least {least}; "
                "remove it or take a larger picture"
            )


def labelled(images: np.ndarray, labels: Sequence[int] | np.ndarray) -> Split:
    """A split of an array, also of one without an axis of channels; its labels in any form that numpy takes."""
    return Split(images.reshape(*images.shape[:3], -1), np.asarray(labels).reshape(-1).astype(np.int64))


def calibration_indices(split: Split, count: int, seed: int, *, stratified: bool = False) -> np.ndarray:
    """Indices of some images, drawn without repetition, in rising order; stratified ones in turns.

    Args:
        stratified: as many of each class, in turns, so that the first of them are so too. What a class lacks is drawn
            from all other images, and comes last.

    Raises:
        DataError: fewer images than asked; or stratified, and no labels.
    """
    rng = np.random.default_rng(seed)
    if count > len(split):
        raise DataError(
            f"quantization.calibration_images: {count} asked, there are {len(split)} training images; lower it"
        )
    if not stratified:
        return np.sort(rng.choice(len(split), count, replace=False))
    if split.labels is None:
        raise DataError("quantization.stratified: the data set has no labels; leave it out")
    order = rng.permutation(len(split))
    labels = split.labels[order]
    kinds = np.unique(labels)
    # The place of each image among those of its class, then the class: the classes take turns.
    turns = np.empty(len(order), np.int64)
    for kind in kinds:
        turns[labels == kind] = np.arange(np.count_nonzero(labels == kind))
    in_turns = order[np.lexsort((labels, turns))]
    share = -(-count // len(kinds))
    fair = in_turns[np.sort(turns) < share][:count]
    others = order[~np.isin(order, fair)][: count - len(fair)]
    return np.concatenate([fair, others])
