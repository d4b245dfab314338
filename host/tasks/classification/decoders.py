"""What a classifier's device sent, at home: its scores; there is nothing to decode."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from device.outputs.scores import ScoresDescription, read_scores, real_scores
from host.data.split import Split
from host.packaging.decoders import DecoderFolder
from host.tasks.classification.judging import judge
from host.tasks.pictures import Baseline


class ClassificationDecoders:
    """See `host.tasks.task.Decoders`."""

    names: tuple[str, ...] = ("own",)
    makes_pictures, given_originals = False, True
    remark: str = ""
    runtime: str | None = None

    def __init__(self, home: DecoderFolder) -> None:
        self.description: ScoresDescription = home.output

    def given(self, originals: Split) -> Split:
        """The images themselves."""
        return originals

    def truths(self, originals: Split) -> Sequence[int] | None:
        """The labels."""
        return None if originals.labels is None else [int(label) for label in originals.labels]

    def judge(self, truth: int, made: np.ndarray) -> dict[str, float | None]:
        """Whether the highest score is the label's; the first one of equal scores counts."""
        return judge(truth, made)

    def baselines(self, given: np.ndarray, budget_bytes: int | None) -> Iterator[Baseline]:
        """None: there is no picture to stand beside."""
        return iter(())

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
