"""JPEG and WebP beside a model of images: rows of the one result schema, of real files."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import numpy as np

from host.curves.anchor_points import library_version
from host.curves.image_codecs import (
    BASELINES,
    HIGHEST,
    ImageCodec,
    as_picture,
    decode_image,
    fitting_setting,
)
from host.metrics import BPP, judge_picture, mean_bpp, means, ratio
from host.results import Row
from host.timing import timed

_SEARCHED = 500  # images on which a setting is chosen
_SMALL = 10_000  # pixels: of larger images headers are a small part, and headerless curves say nothing new


def image_codec_rows(images: Sequence[np.ndarray], budget_bytes: float | None) -> list[Row]:
    """JPEG and WebP: whole files, and *headerless* without what both sides can share.

    Args:
        images: uint8 (height, width, 1 or 3), 0..255, of any sizes.
        budget_bytes: each format at the setting whose mean bytes come nearest to it; None: all its settings, a curve.
    """
    first = list(islice(images, _SEARCHED))
    small = max(image.shape[0] * image.shape[1] for image in first) <= _SMALL
    found = []
    for name, codec in BASELINES.items():
        if budget_bytes is not None:
            found.append(_Files(name, name, codec, nearest_setting(first, codec, budget_bytes)))
        elif small or not codec.headerless:
            found += [_Files(f"{name} q{setting}", name, codec, setting) for setting in codec.settings]
    for image in images:
        for files in found:
            files.add(image)
    return [files.result(first[0]) for files in found]


def nearest_setting(images: Sequence[np.ndarray], codec: ImageCodec, budget_bytes: float) -> int:
    """The setting whose mean bytes come nearest to a budget."""
    pictures = [as_picture(image) for image in images]

    def size(setting: int) -> float:
        return float(np.mean([codec.count(codec.encode(picture, setting)) for picture in pictures]))

    fitting = fitting_setting(size, budget_bytes)
    return min((fitting, min(fitting + 1, HIGHEST)), key=lambda setting: abs(size(setting) - budget_bytes))


class _Files:
    """One format at one setting over many images."""

    def __init__(self, row: str, family: str, codec: ImageCodec, setting: int) -> None:
        self.row, self.family, self.codec, self.setting = row, family, codec, setting
        self.counts: list[int] = []
        self.shapes: list[tuple[int, ...]] = []
        self.judged: list[dict[str, float | None]] = []

    def add(self, image: np.ndarray) -> None:
        data = self.codec.encode(as_picture(image), self.setting)
        self.counts.append(self.codec.count(data))
        self.shapes.append(image.shape)
        self.judged.append(judge_picture(image, decode_image(data, image.shape[2])))

    def result(self, timed_image: np.ndarray) -> Row:
        """The row; its times are of one image."""
        size = float(np.mean(self.counts))
        metrics, perfect = means(self.judged)
        picture, library = as_picture(timed_image), library_version(self.codec)
        data = self.codec.encode(picture, self.setting)
        return Row(
            self.row,
            family=self.family,
            quality=self.setting,
            metrics={**metrics, BPP.key: mean_bpp(self.counts, self.shapes)},
            perfect_images=perfect,
            sizes={"bitstream_bytes": size},
            ratios={"actual": ratio(self.shapes, size)},
            latency={
                "device": timed(lambda: self.codec.encode(picture, self.setting), library),
                "decoder": timed(lambda: decode_image(data, timed_image.shape[2]), library),
            },
        )
