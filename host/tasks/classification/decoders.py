"""What a classifier's device sent, at home: its scores; there is nothing to decode."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from device.outputs.scores import ScoresDescription, read_scores, real_scores
from host.packaging.decoders import DecoderFolder


class ClassificationDecoders:
    """See `host.tasks.task.Decoders`."""

    names: tuple[str, ...] = ("own",)
    makes_pictures = False
    runtime: str | None = None

    def __init__(self, home: DecoderFolder) -> None:
        self.description: ScoresDescription = home.output

    def numbers(self, payload: bytes, height: int, width: int) -> np.ndarray:
        """The scores as sent, (classes,) in the tensor's dtype; raises BitstreamError."""
        return read_scores(payload, self.description)

    def restore(self, name: str, numbers: Sequence[np.ndarray], sizes: Sequence[tuple[int, int]]) -> list[np.ndarray]:
        """The scores as logits, float32 (classes,)."""
        return [real_scores(each, self.description) for each in numbers]

    def whole(self) -> None:
        """None: the network on the device is the whole network."""

    def sizes(self, name: str) -> dict[str, int]:
        """Nothing stays home."""
        return {}
