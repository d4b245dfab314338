"""What the page offers: the exported models that make pictures, their encoders, qualities, decoders and samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from device.bundle import Bundle, list_bundles, read_bundle
from device.pipeline import DEFAULT_BUNDLES, find_bundle
from host.errors import DemoError
from host.evaluation.receiver import Receiver, find_receiver
from host.packaging.decoders import BUILD, read_samples
from host.tasks import TASKS

_PREFERRED = ("int8_qat", "int8")  # what the page starts with, where there is one


@dataclass(frozen=True)
class Choice:
    """One exported model.

    Attributes:
        build: where export left its decoders.
        decoders: the names of all that it has, such as "own" and "tuned"; not every variant has every one.
        given_originals: whether images go to the device as they are; else a task makes something of them before.
    """

    bundle: Bundle
    build: Path
    decoders: tuple[str, ...]
    given_originals: bool = True

    @property
    def name(self) -> str:
        return self.bundle.model

    @property
    def qualities(self) -> tuple[int, ...]:
        """0 is the smallest bitstreams; empty where there is nothing to choose."""
        return tuple(
            sorted({quality for family in self.bundle.families() for quality in self.bundle.qualities(family)})
        )

    @property
    def shape(self) -> tuple[int, int, int] | None:
        """(height, width, channels) of the images that it takes; None where these may be of any size."""
        if not self.given_originals:
            return None
        shape: tuple[int, int, int] | None = self.bundle.input.shape
        return shape

    @property
    def first_family(self) -> str:
        families = self.bundle.families()
        return next((name for name in _PREFERRED if name in families), families[0])

    @property
    def first_quality(self) -> int | None:
        return self.qualities[len(self.qualities) // 2] if self.qualities else None

    def receiver(self, family: str, quality: int | None) -> Receiver:
        """What decodes an encoder's streams; raises BundleError, CollectError."""
        return find_receiver(self.build, self.bundle.find(family, quality).tag, TASKS, self.name)

    def samples(self, count: int) -> np.ndarray:
        """What the first sample images were made of, uint8 (count, height, width, channels); raises CollectError."""
        return read_samples(self.build, self.name, self.bundle.sha256).array[:count]


def list_choices(names: Sequence[str] = (), bundles: Path = DEFAULT_BUNDLES, build: Path = BUILD) -> dict[str, Choice]:
    """The exported models by name.

    Args:
        names: names or folders of bundles; None given, all that make pictures.
        bundles, build: where export left them and their decoders.

    Raises:
        DemoError: there is none, or one that makes no pictures.
        BundleError, CollectError: no such bundle, one that cannot be read, or without decoders.
    """
    folders = [find_bundle(name) for name in names] or list_bundles(bundles)
    found = [read_choice(folder, build) for folder in folders]
    blind = [choice for choice in found if not choice.decoders]
    if names and blind:
        raise DemoError(f"{blind[0].name}: a model of the task {blind[0].bundle.task}, which makes no pictures to show")
    if len(blind) == len(found):
        raise DemoError(f"{bundles}: no exported models that make pictures; make them with `host export`")
    return {choice.name: choice for choice in found if choice.decoders}


def read_choice(folder: Path, build: Path = BUILD) -> Choice:
    """One bundle as a choice, without decoders where these make no pictures; raises BundleError, CollectError."""
    bundle = read_bundle(folder)
    receivers = [find_receiver(build, each.tag, TASKS, bundle.model) for each in bundle.variants.values()]
    made = [each.decoders for each in receivers if each.decoders.makes_pictures]
    names = dict.fromkeys(name for each in made for name in each.names)
    return Choice(bundle, build, tuple(names), all(each.given_originals for each in made))
