"""What a codec is trained on: photographs, or small pictures of one size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from host import data
from host.tasks.codec.spec import CodecSpec


@dataclass(frozen=True)
class Photographs:
    """A data set as the codec's own loops read it."""

    set: data.DataSet
    spec: CodecSpec

    @property
    def train(self) -> Sequence[np.ndarray]:
        return self.set.train.images  # type: ignore[return-value]

    @property
    def validation(self) -> tuple[np.ndarray, ...]:
        return tuple(self.set.validation.images)  # type: ignore[arg-type]

    @property
    def digest(self) -> str:
        return self.set.digest


def load_codec_images(spec: CodecSpec, folder: Path | None) -> Photographs:
    """The images that a codec's spec names; raises DataError where they are missing or damaged."""
    return Photographs(data.load(spec.spec.data, folder), spec)


def draw_patches(photographs: Photographs, count: int, side: int, rng: np.random.Generator) -> np.ndarray:
    """Random patches, mirrored and turned at random: uint8 (count, side, side, 3)."""
    from host.data.batches import draw_patches as draw

    return draw(photographs.set.train, photographs.spec.spec.data, count, rng)[0]
