"""PSNR and MS-SSIM over bits per pixel: what was measured thick, what was published thin."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from host.curves.bd_rate import ms_ssim_db

# Okabe and Ito's colours, as in the report (host/svg/colours.py).
_COLOURS = {
    "splitlite": "#D55E00",
    "splitlite (untuned decoder)": "#E69F00",
    "splitlite (float32 encoder)": "#000000",
    "jpeg": "#CC79A7",
    "jpeg-444": "#CC79A7",
    "webp": "#0072B2",
    "avif": "#009E73",
    "avif-psnr": "#009E73",
    "jpeg2000": "#56B4E9",
}
_DASHED = {"jpeg-444", "avif-psnr", "splitlite (untuned decoder)", "splitlite (float32 encoder)"}
_PUBLISHED = {
    "bmshj2018-factorized": "-",
    "bmshj2018-hyperprior": "--",
    "mbt2018": "-.",
    "cheng2020-anchor": ":",
    "av1": (0, (6, 1, 1, 1)),
    "vtm": (0, (1, 3)),
}
_OURS = "splitlite"
_DPI = 140


def rate_distortion_plot(result: Mapping[str, Any], published: Mapping[str, np.ndarray]) -> bytes:
    """A PNG of two panels.

    Args:
        result: what benchmarks/rate_distortion.py writes as JSON.
        published: curves, float (points, 3), NaN where a quality was not given.
    """
    figure = Figure(figsize=(13.5, 6), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    measured = {name: np.array(points) for name, points in result["points"].items() if name in _COLOURS}
    most = 1.15 * measured[_OURS][:, 0].max()
    for axes, place, label in ((left, 1, "PSNR (dB, RGB)"), (right, 2, "MS-SSIM (dB, -10 log10(1 - MS-SSIM))")):
        for name, style in _PUBLISHED.items():
            if name in published:
                _draw(axes, published[name], place, most, label=name, color="#777777", linewidth=0.9, linestyle=style)
        for name, points in measured.items():
            ours = name.startswith(_OURS)
            _draw(
                axes,
                points,
                place,
                most,
                label=name,
                color=_COLOURS[name],
                linestyle="--" if name in _DASHED else "-",
                linewidth=2.8 if name == _OURS else 1.2 if ours else 1.6,
                marker="o" if name == _OURS else None,
                zorder=4 if ours else 3,
            )
        axes.set_xlim(0, most)
        axes.set_xlabel("bits per pixel")
        axes.set_ylabel(label)
        axes.grid(color="#dddddd", linewidth=0.6)
        axes.set_axisbelow(True)
    left.set_title(f"{result['model']}: means over {result['images']} images, real bitstreams", fontsize=11, loc="left")
    figure.legend(*left.get_legend_handles_labels(), loc="outside right upper", fontsize=8, frameon=False)
    buffer = io.BytesIO()
    # Without matplotlib's version in it, equal numbers give equal bytes.
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def _draw(axes: Axes, points: np.ndarray, place: int, most: float, **style: Any) -> None:
    # A point beyond the end, so that no line stops before it; what is far beyond would only stretch the axis.
    shown = points[np.argsort(points[:, 0])]
    shown = shown[: np.searchsorted(shown[:, 0], most) + 1]
    quality = shown[:, 1] if place == 1 else ms_ssim_db(shown[:, 2])
    axes.plot(shown[:, 0], quality, **style)
