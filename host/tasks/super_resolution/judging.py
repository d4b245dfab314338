"""How an enlarged luma image is judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from host.metrics import PSNR, judge_picture, psnr_db
from host.results import Row
from host.tasks.super_resolution.pairs import enlarged, reduced
from host.tasks.super_resolution.spec import GAIN

if TYPE_CHECKING:
    from host.tasks.task import Judged

_OF_IMAGE = "gain"  # of one image


def judge(truth: np.ndarray, made: np.ndarray, factor: int) -> dict[str, float | None]:
    """PSNR, SSIM, and by how much the PSNR is above that of cubic convolution; without a border of `factor` pixels.

    Where cubic convolution alone makes no error, as in a flat picture, it counts as if one pixel were wrong by one
    level, the smallest error that there is: the gain is finite, and never above 0. It is None where nothing made is
    wrong.

    Args:
        truth, made: uint8 (height, width, 1).
    """
    inside = slice(factor, -factor)
    large = truth[inside, inside]
    found = judge_picture(large, made[inside, inside])
    own = found[PSNR.key]
    if own is None:
        return {**found, _OF_IMAGE: None}
    cubic = psnr_db(large, enlarged(reduced(truth, factor), factor)[inside, inside])
    return {**found, _OF_IMAGE: own - (float(10 * np.log10(255**2 * large.size)) if cubic is None else cubic)}


def least_gain(values: Sequence[Mapping[str, float | None]]) -> dict[str, float]:
    """The metric by its key, of what `judge` gives for each image; {} where all images are perfect."""
    known = [gain for each in values if (gain := each[_OF_IMAGE]) is not None]
    return {GAIN.key: min(known)} if known else {}


def conclude(rows: Sequence[Row], judged: Judged) -> list[Row]:
    """Rows with the gain on the image where it is least."""
    return [
        replace(row, metrics={**row.metrics, **least_gain(judged[row.row])}) if row.row in judged else row
        for row in rows
    ]
