"""JPEG and WebP beside a model of images: rows of the one result schema, of real files."""

from __future__ import annotations

from collections.abc import Sequence

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
    small = max(image.shape[0] * image.shape[1] for image in images) <= _SMALL
    rows = []
    for name, codec in BASELINES.items():
        if budget_bytes is not None:
            rows.append(_row(name, name, codec, images, nearest_setting(images[:_SEARCHED], codec, budget_bytes)))
        elif small or not codec.headerless:
            rows += [_row(f"{name} q{setting}", name, codec, images, setting) for setting in codec.settings]
    return rows


def nearest_setting(images: Sequence[np.ndarray], codec: ImageCodec, budget_bytes: float) -> int:
    """The setting whose mean bytes come nearest to a budget."""
    pictures = [as_picture(image) for image in images]

    def size(setting: int) -> float:
        return float(np.mean([codec.count(codec.encode(picture, setting)) for picture in pictures]))

    fitting = fitting_setting(size, budget_bytes)
    return min((fitting, min(fitting + 1, HIGHEST)), key=lambda setting: abs(size(setting) - budget_bytes))


def _row(name: str, family: str, codec: ImageCodec, images: Sequence[np.ndarray], setting: int) -> Row:
    counts, judged = [], []
    for image in images:
        data = codec.encode(as_picture(image), setting)
        counts.append(codec.count(data))
        judged.append(judge_picture(image, decode_image(data, image.shape[2])))
    shapes, size = [image.shape for image in images], float(np.mean(counts))
    metrics, perfect = means(judged)
    picture, library = as_picture(images[0]), library_version(codec)
    data = codec.encode(picture, setting)
    return Row(
        name,
        family=family,
        quality=setting,
        metrics={**metrics, BPP.key: mean_bpp(counts, shapes)},
        perfect_images=perfect,
        sizes={"bitstream_bytes": size},
        ratios={"actual": ratio(shapes, size)},
        latency={
            "encoder": timed(lambda: codec.encode(picture, setting), library),
            "decoder": timed(lambda: decode_image(data, images[0].shape[2]), library),
        },
    )
