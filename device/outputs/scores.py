"""The scores of a classifier, one for each class, sent as the network gives them: no coding, no softmax.

The payload is the output tensor's bytes: little-endian, in the tensor's dtype, in the order of the classes. A score is
a logit: scale * (number - zero_point), or the number itself in float32.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..errors import BitstreamError, BundleError
from ..files import digest_tag
from ..quantization import Array, TensorInfo
from ..records import as_json, from_json
from . import ReadFile, check_real, check_same

CODER_ID = 2


@dataclass(frozen=True)
class ScoresDescription:
    """An output of this kind in a bundle.

    Attributes:
        classes: their names, in the order of the scores.
        dtype: of the output tensor: int8, int16 or float32.
        scale, zero_point: of the output tensor; 0 and 0 for float32.
    """

    kind: ClassVar[str] = "scores"
    classes: tuple[str, ...]
    dtype: str
    scale: float
    zero_point: int

    def __post_init__(self) -> None:
        if len(self.classes) < 2:
            raise BundleError(f"scores: {len(self.classes)} classes; expected at least 2")
        if len(set(self.classes)) != len(self.classes):
            twice = next(name for name in self.classes if self.classes.count(name) > 1)
            raise BundleError(f"scores: two classes are named {twice!r:.80}; give each a name of its own")
        check_real("scores", self.dtype, self.scale, self.zero_point)

    def files(self) -> dict[str, str]:
        return {}

    def tag(self, network_sha256: str) -> str:
        return digest_tag({"coder": CODER_ID, "scores": as_json(self), "encoder_sha256": network_sha256})

    def check(self, tensor: TensorInfo, source: Any) -> None:
        shape = (1, len(self.classes))
        if tensor.shape != shape:
            raise BundleError(f"output {tensor.name!r}: shape {tensor.shape}, expected {shape}: a score for each class")
        check_same("scores", tensor, self.dtype, self.scale, self.zero_point)

    def check_labels(self, labels: Array) -> None:
        wrong = np.flatnonzero((labels < 0) | (labels >= len(self.classes)))
        if wrong.size:
            raise BundleError(
                f"label {labels[wrong[0]]} of sample {wrong[0]} is outside the {len(self.classes)} classes, 0 to"
                f" {len(self.classes) - 1}; export the bundle again"
            )

    def figures(self, numbers: Sequence[Array], labels: Array) -> dict[str, float]:
        """ "top1_percent": images whose highest score, the first of equal ones, is their label's.

        Raises BitstreamError for scores that are not finite.
        """
        found = np.argmax([finite(scores) for scores in numbers], axis=1)
        return {"top1_percent": 100 * int(np.sum(found == labels)) / len(labels)}

    def open(self, tensor: TensorInfo, read: ReadFile) -> ScoresOutput:
        return ScoresOutput()


class ScoresOutput:
    """Scores (classes,) of one tensor (1, classes), in its dtype."""

    def prepare(self, height: int, width: int, tensor_shape: tuple[int, ...]) -> None:
        """Nothing: there are as many scores whatever the image's size."""

    def numbers(self, tensors: Iterable[Array]) -> Array:
        (tensor,) = tensors
        scores: Array = tensor[0].copy()
        return scores

    def payload(self, tensors: Iterable[Array]) -> bytes:
        (tensor,) = tensors
        return tensor.tobytes()  # little-endian as they are: so is every machine that a runtime is built for

    def sizes(self, numbers: Array) -> dict[str, int]:
        """ "scores_bytes": they are sent uncoded."""
        return {"scores_bytes": numbers.nbytes}


def parse(value: dict[str, Any], where: str) -> ScoresDescription:
    """From a bundle's JSON; raises BundleError naming the place."""
    return from_json(ScoresDescription, value, where, BundleError)


def read_scores(payload: bytes, description: ScoresDescription) -> Array:
    """The numbers of a payload, (classes,) in the tensor's dtype.

    Raises:
        BitstreamError: a payload of another length, or scores in float32 that are not finite.
    """
    stored = np.dtype(description.dtype).newbyteorder("<")
    classes = len(description.classes)
    if len(payload) != classes * stored.itemsize:
        raise BitstreamError(
            f"payload of {len(payload)} bytes, expected {classes * stored.itemsize}: {classes} scores of"
            f" {description.dtype}"
        )
    numbers = np.frombuffer(payload, stored).astype(description.dtype)
    return finite(numbers)


def finite(numbers: Array) -> Array:
    """The numbers as they are; raises BitstreamError where one is NaN or infinite."""
    known = np.isfinite(numbers)
    if known.all():
        return numbers
    first = int(np.argmin(known))
    raise BitstreamError(
        f"score {first} is {numbers[first]}, expected a finite number: the network is damaged, or its runtime does not"
        " run it correctly"
    )


def real_scores(numbers: Array, description: ScoresDescription) -> Array:
    """Logits float32 (..., classes) of the numbers of one image or of several."""
    if description.dtype == "float32":
        return numbers.astype(np.float32)
    logits: Array = (description.scale * (numbers.astype(np.float64) - description.zero_point)).astype(np.float32)
    return logits


def probabilities(logits: Array) -> Array:
    """Softmax over the last axis: float64, of the shape of the logits; each image's sum to 1."""
    wide = logits.astype(np.float64)
    grown = np.exp(wide - wide.max(axis=-1, keepdims=True))  # the largest is exp(0): nothing overflows
    shares: Array = grown / grown.sum(axis=-1, keepdims=True)
    return shares
