"""Where a model is split: what a task says of its networks to a drawing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from host.spec.types import RecipeSpec

PLACES = ("Device", "Workstation", "Training only")  # in the order in which they are drawn
DEVICE, WORKSTATION, TRAINING = PLACES


@dataclass(frozen=True)
class Part:
    """One network.

    Attributes:
        network: its name.
        place: where it computes: DEVICE, WORKSTATION or TRAINING.
        reads: the network whose output is its first input, "" for an image.
        margin: pixels that it reads beside an image of any size, those on both sides together.
        converted: whether recipes convert it; others stay in float32.
        always_aware: layers that compute with fake quantization in every stage.
    """

    network: str
    place: str
    reads: str = ""
    margin: int = 0
    converted: bool = True
    always_aware: tuple[str, ...] = ()


@dataclass(frozen=True)
class Split:
    """Attributes:
    parts: the networks; those of the device first.
    sent: what the device sends, in a few short lines, the first one a title.
    judged: what the workstation does with it where no network reads it; "" where one does.
    variants: the recipe of each name that a drawing may be asked for.
    """

    parts: tuple[Part, ...]
    sent: tuple[str, ...]
    judged: str
    variants: Mapping[str, RecipeSpec]
