"""What tasks have in common that make pictures: baselines of one image, and devices that are given their own truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from host.curves.image_codecs import IMAGE_CODECS, as_picture, decode_image, fitting_setting, scan_bytes
from host.data.split import Split
from host.metrics import PICTURES, Metric, judge_picture
from host.spec.types import Spec

if TYPE_CHECKING:
    from host.results import Result, Row
    from host.tasks.task import Judged


@dataclass(frozen=True)
class Baseline:
    """Another way to the picture that a model makes of one image.

    Attributes:
        row: its name, as results name rows, such as "jpeg".
        title: its name for readers, such as "JPEG, quality 12".
        encode: what a device would compute: the bytes that it would send.
        decode: these bytes to the picture, uint8 (height, width, channels).
        remarks: sentences on it.
    """

    row: str
    title: str
    encode: Callable[[], bytes]
    decode: Callable[[bytes], np.ndarray]
    remarks: tuple[str, ...] = ()


def jpeg_at(image: np.ndarray, budget_bytes: int) -> Baseline:
    """The largest JPEG within a budget; of the lowest quality where none is as small."""
    codec, picture = IMAGE_CODECS["jpeg"], as_picture(image)
    quality = fitting_setting(lambda setting: len(codec.encode(picture, setting)), budget_bytes)
    file = codec.encode(picture, quality)
    remarks: tuple[str, ...] = ()
    if len(file) > budget_bytes:
        headers = len(file) - scan_bytes(file)
        why = f" (the headers of a JPEG alone take {headers})" if headers > budget_bytes else ""
        remarks = (f"No JPEG is as small as {budget_bytes} bytes{why}. The one shown has the lowest quality.",)
    return Baseline(
        "jpeg",
        f"JPEG, quality {quality}",
        lambda: codec.encode(picture, quality),
        lambda data: decode_image(data, image.shape[2]),
        remarks,
    )


class PictureTask:
    """A part of `host.tasks.task.Task`: PSNR, SSIM and rate of each row alone."""

    metrics: tuple[Metric, ...] = PICTURES

    def classes(self, spec: Spec) -> tuple[str, ...]:
        """None: pictures are their own truth."""
        return ()

    def least_side(self, spec: Spec) -> int:
        """Images of all sizes can be judged."""
        return 1

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
    remark: str = ""
    judge = staticmethod(judge_picture)

    def given(self, originals: Split) -> Split:
        """The images themselves."""
        return originals

    def truths(self, originals: Split) -> Sequence[np.ndarray]:
        """The images themselves."""
        return originals.pictures

    def baseline(self, given: np.ndarray, budget_bytes: int | None) -> Baseline | None:
        """A JPEG of as many bytes."""
        return None if budget_bytes is None else jpeg_at(given, budget_bytes)
