"""One codec's BD-rate against every other, by PSNR and by MS-SSIM."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from host.curves.bd_rate import bd_rate_percent, ms_ssim_db
from host.errors import CurveError


def bd_rates(ours: np.ndarray, others: Mapping[str, np.ndarray], published: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """What ours needs against each codec at equal quality, in percent, negative where it needs less.

    Args:
        ours: float (images, points, 3): bits per pixel, PSNR in dB, MS-SSIM.
        others: measured on the same images, of the same form.
        published: mean curves, float (points, 3), NaN where a quality was not given.

    Returns:
        By codec: "bd_rate_percent" and "bd_rate_ms_ssim_percent" of the mean curves; "bd_rate_by_image_percent", the
        mean over the images of the PSNR's. A codec that cannot be compared is absent there, and
        "bd_rate_missing" says why.
    """
    mean = ours.mean(0)
    curves = {**{name: points.mean(0) for name, points in others.items()}, **published}
    found: dict[str, dict[str, Any]] = {
        "bd_rate_percent": {},
        "bd_rate_ms_ssim_percent": {},
        "bd_rate_by_image_percent": {},
        "bd_rate_missing": {},
    }
    for name, points in curves.items():
        for key, place in (("bd_rate_percent", 1), ("bd_rate_ms_ssim_percent", 2)):
            if np.isfinite(points[:, place]).all():
                _put(found, key, name, lambda p=place, other=points: bd_rate_percent(_curve(mean, p), _curve(other, p)))
    for name, images in others.items():
        _put(
            found,
            "bd_rate_by_image_percent",
            name,
            lambda other=images: np.mean(
                [bd_rate_percent(mine[:, :2], its[:, :2]) for mine, its in zip(ours, other, strict=True)]
            ),
        )
    return found


def _curve(points: np.ndarray, place: int) -> np.ndarray:
    """Rate and quality in dB."""
    return np.column_stack([points[:, 0], points[:, 1] if place == 1 else ms_ssim_db(points[:, 2])])


def _put(found: dict[str, dict[str, Any]], key: str, name: str, value: Any) -> None:
    try:
        found[key][name] = float(value())
    except CurveError as reason:
        found["bd_rate_missing"].setdefault(name, str(reason))
