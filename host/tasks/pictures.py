"""What tasks have in common that make pictures: baselines of one image, and devices that are given their own truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from host.curves.image_codecs import IMAGE_CODECS, as_picture, decode_image, fitting_setting
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
        suffix: of a file of these bytes, such as ".jpg", where browsers show such a file; None elsewhere.
    """

    row: str
    title: str
    encode: Callable[[], bytes]
    decode: Callable[[bytes], np.ndarray]
    remarks: tuple[str, ...] = ()
    suffix: str | None = None


@dataclass(frozen=True)
class _Format:
    """A format of IMAGE_CODECS as a baseline; `largest_side`: in pixels, of what it can hold."""

    title: str
    suffix: str
    largest_side: int


_FORMATS = {"jpeg": _Format("JPEG", ".jpg", 65500), "webp": _Format("WebP", ".webp", 16383)}


def file_at(row: str, image: np.ndarray, budget_bytes: int) -> Baseline:
    """The largest file within a budget; of the lowest quality where none is as small.

    Args:
        row: the format, "jpeg" or "webp".
        image: uint8 (height, width, 1 or 3).
    """
    codec, title, picture = IMAGE_CODECS[row], _FORMATS[row].title, as_picture(image)
    quality = fitting_setting(lambda setting: len(codec.encode(picture, setting)), budget_bytes)
    file = codec.encode(picture, quality)
    remarks: tuple[str, ...] = ()
    if len(file) > budget_bytes:
        headers = len(file) - replace(codec, headerless=True).count(file)
        why = f" (the headers of a {title} alone take {headers})" if headers > budget_bytes else ""
        remarks = (f"No {title} is as small as {budget_bytes} bytes{why}. The one shown has the lowest quality.",)
    return Baseline(
        row,
        f"{title}, quality {quality}",
        lambda: codec.encode(picture, quality),
        lambda data: decode_image(data, image.shape[2]),
        remarks,
        _FORMATS[row].suffix,
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

    def baselines(self, given: np.ndarray, budget_bytes: int | None) -> Iterator[Baseline]:
        """A JPEG and a WebP of as many bytes."""
        if budget_bytes is not None:
            for row, form in _FORMATS.items():
                if max(given.shape[:2]) <= form.largest_side:
                    yield file_at(row, given, budget_bytes)
