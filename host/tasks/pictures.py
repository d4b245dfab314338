"""What tasks have in common whose device is given pictures that are their own truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from host.data.split import Split
from host.metrics import PICTURES, Metric, judge_picture
from host.spec.types import Spec

if TYPE_CHECKING:
    from host.results import Result, Row
    from host.tasks.task import Judged


class PictureTask:
    """A part of `host.tasks.task.Task`: PSNR, SSIM and rate of each row alone."""

    metrics: tuple[Metric, ...] = PICTURES

    def classes(self, spec: Spec) -> tuple[str, ...]:
        """None: pictures are their own truth."""
        return ()

    def conclude(self, rows: Sequence[Row], judged: Judged, spec: Spec | None = None) -> list[Row]:
        """The rows as they are: each is judged alone."""
        return list(rows)

    def figures(
        self, result: Result, judged: Judged, images: Split, pictures: Mapping[str, Sequence[np.ndarray]]
    ) -> dict[str, bytes]:
        """None."""
        return {}


class PictureDecoders:
    """A part of `host.tasks.task.Decoders`."""

    makes_pictures = given_originals = True
    judge = staticmethod(judge_picture)

    def given(self, originals: Split) -> Split:
        """The images themselves."""
        return originals

    def truths(self, originals: Split) -> Sequence[np.ndarray]:
        """The images themselves."""
        return originals.pictures
