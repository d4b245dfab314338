"""The Bjontegaard delta rate: the rate that one codec needs against another at equal quality.

G. Bjontegaard, "Calculation of average PSNR differences between RD-curves", VCEG-M33 (2001): the mean distance of the
logarithms of the rates over the qualities that both curves reach. Between the points a monotone piecewise cubic
(PCHIP: F. N. Fritsch and J. Butland 1984) in place of the one polynomial of degree 3, as in the practice of JCT-VC
and of the Alliance for Open Media: a polynomial swings where points are many or far apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.interpolate import PchipInterpolator

from host.errors import CurveError


def bd_rate_percent(curve: np.ndarray, other: np.ndarray) -> float:
    """The rate of a curve against another's at equal quality, in percent: -50 where it needs half, 0 where as much.

    Args:
        curve, other: float (points, 2), in any order: rate (bits per pixel), quality in dB. At least two points each.

    Raises:
        CurveError: a curve of one point, a rate that is not positive, a quality that does not rise with the rate, or
            no quality that both curves reach.
    """
    first, second = _interpolator(curve), _interpolator(other)
    low, high = max(first.x[0], second.x[0]), min(first.x[-1], second.x[-1])
    if not low < high:
        raise CurveError(
            f"no common range: {first.x[0]:.2f} to {first.x[-1]:.2f} dB and {second.x[0]:.2f} to {second.x[-1]:.2f} dB;"
            " measure more qualities"
        )
    difference = (first.integrate(low, high) - second.integrate(low, high)) / (high - low)
    return 100 * float(np.expm1(difference))


def ms_ssim_db(value: np.ndarray | float) -> np.ndarray | float:
    """MS-SSIM (0..1, below 1) on a logarithmic scale, -10 log10(1 - value): what codecs differ by near 1."""
    return -10 * np.log10(1 - np.asarray(value))


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


def _interpolator(curve: np.ndarray) -> PchipInterpolator:
    """Quality in dB -> logarithm of the rate."""
    rate, quality = np.asarray(curve, float)[np.argsort(curve[:, 0])].T
    if len(rate) < 2 or not rate[0] > 0:
        raise CurveError(f"curve of {len(rate)} points from rate {rate[0]:g}; expected two or more, above 0")
    falls = np.flatnonzero(~(np.diff(quality) > 0))
    if falls.size:
        place = falls[0]
        raise CurveError(
            f"quality does not rise with the rate: {quality[place]:.3f} dB at {rate[place]:.4f}, "
            f"{quality[place + 1]:.3f} dB at {rate[place + 1]:.4f}; leave such points out"
        )
    return PchipInterpolator(quality, np.log(rate))


def _curve(points: np.ndarray, place: int) -> np.ndarray:
    """Rate and quality in dB."""
    return np.column_stack([points[:, 0], points[:, 1] if place == 1 else ms_ssim_db(points[:, 2])])


def _put(found: dict[str, dict[str, Any]], key: str, name: str, value: Any) -> None:
    try:
        found[key][name] = float(value())
    except CurveError as reason:
        found["bd_rate_missing"].setdefault(name, str(reason))
