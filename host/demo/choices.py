"""What the page offers: the bundles that were exported, their encoders, qualities and samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from device.bundle import Bundle, list_bundles, read_bundle
from device.pipeline import DEFAULT_BUNDLES
from host.errors import DemoError

_PREFERRED = ("int8_qat", "int8")  # what the page starts with, where there is one


@dataclass(frozen=True)
class Choice:
    """One exported model.

    Attributes:
        variants: names of its encoders, without a quality.
        qualities: 0 is the smallest bitstreams; empty where there is nothing to choose.
    """

    bundle: Bundle
    variants: tuple[str, ...]
    qualities: tuple[int, ...]

    @property
    def name(self) -> str:
        return self.bundle.model

    @property
    def any_size(self) -> bool:
        """Whether it takes images of any size; else those of `bundle.input.shape`."""
        return self.bundle.input.shape is None

    @property
    def first_variant(self) -> str:
        return next((name for name in _PREFERRED if name in self.variants), self.variants[0])

    @property
    def first_quality(self) -> int | None:
        return self.qualities[len(self.qualities) // 2] if self.qualities else None

    def entry(self, variant: str, quality: int | None) -> str:
        """The bundle's name of an encoder at a quality; raises BundleError where there is none."""
        return self.bundle.find(variant, quality).name

    def samples(self, count: int) -> np.ndarray:
        """The first sample images, uint8 (count, height, width, channels); raises BundleError."""
        return self.bundle.read_samples()[:count]


def list_choices(names: Sequence[str] = (), bundles: Path = DEFAULT_BUNDLES) -> dict[str, Choice]:
    """The exported models by name.

    Args:
        names: names or folders of bundles; all where none is given.
        bundles: where export left them.

    Raises:
        DemoError: there is none, or none of that name.
        BundleError: one that cannot be read.
    """
    there = list_bundles(bundles)
    if not names and not there:
        raise DemoError(f"{bundles}: no exported models here; make them with `host export`")
    folders = [_folder(name, there, bundles) for name in names] or there
    return {choice.name: choice for choice in map(read_choice, folders)}


def read_choice(folder: Path) -> Choice:
    """One bundle as a choice; raises BundleError."""
    bundle = read_bundle(folder)
    families = bundle.families()
    return Choice(bundle, families, bundle.qualities(families[0]))


def _folder(name: str, there: Sequence[Path], bundles: Path) -> Path:
    for folder in (Path(name), bundles / name):
        if folder in there or list_bundles(folder.parent).count(folder):
            return folder
    known = ", ".join(folder.name for folder in there) or "none"
    raise DemoError(f"{bundles}: no bundle {name!r}; available: {known}; make it with `host export {name}`")
