"""Image to labels, best first."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .bundle import Bundle
from .errors import BundleError
from .outputs.scores import ScoresDescription, finite, probabilities, real_scores
from .pipeline import Pipeline
from .quantization import Array
from .runtime import Runtime


class Classifier:
    """One variant of a classifier's bundle, loaded; one thread at a time.

    Its `encoder` is an encoder like any other: it makes bitstreams of the scores.
    """

    def __init__(
        self,
        bundle: Bundle,
        variant: str = "int8",
        threads: int = 1,
        runtime: Runtime | None = None,
        delegate: Path | None = None,
    ) -> None:
        """Raises BundleError for a bundle that is no classifier's, and what opening an encoder raises."""
        entry = bundle.find(variant)
        if not isinstance(entry.output, ScoresDescription):
            raise BundleError(
                f"{bundle.folder}: no classifier: {entry.name} gives {entry.output.kind}, expected scores; open it as"
                " an encoder"
            )
        self._description = entry.output
        self.encoder = Pipeline(bundle, entry.name, threads, runtime, delegate)

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels, in the order of the scores."""
        return self._description.classes

    @property
    def image_shape(self) -> tuple[int, int, int] | None:
        """(height, width, channels) of the images that it takes; None where these may be of any size."""
        return self.encoder.image_shape

    def classify(self, image: Array) -> list[tuple[str, float]]:
        """Every label with its probability, 0..1, best first; of equal ones the first class is first.

        Args:
            image: uint8 (height, width, channels), 0..255, of a size that it takes.

        Raises:
            ImageError: an image of another shape or dtype.
            BitstreamError: scores that are not finite: the network or the runtime is broken.
        """
        numbers = finite(self.encoder.numbers(image))
        shares = probabilities(real_scores(numbers, self._description))
        # By the scores: two of them may be so far below the best that both shares are 0.
        order = np.argsort(-numbers.astype(np.float64), kind="stable")
        return [(self.classes[index], float(shares[index])) for index in order]
