"""The report's plots as PNG bytes. No pyplot: its global state and its choice of a display are not wanted here."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from host.reporting.columns import EMULATED
from host.reporting.rows import ReportRow, one_per_name

# Okabe and Ito's colours, made for colour-blind readers (https://jfly.uni-koeln.de/color/), and two greys.
_COLOURS = {
    "float32": "#000000",
    "float16": "#56B4E9",
    "dynamic_range": "#E69F00",
    "int8": "#D55E00",
    "int16x8": "#009E73",
    "int8_qat": "#0072B2",
    "jpeg": "#CC79A7",
    "webp": "#999999",
    "pca": "#7A5C00",
}
_OTHERS = ("#332288", "#882255", "#44AA99", "#AA4499", "#555555")  # recipes that a spec adds; Tol's muted colours
# float32, float16 and what follows often lie on one point: larger below smaller, so that each stays visible as a ring.
_AREAS = {"float32": 150, "float16": 85}
_AREA = 45
_LOG_SPREAD = 10  # slowest to fastest; above, a linear axis would press the fast ones into one place
_MARKERS = "osD^vPX*"
_DPI = 140
_QUALITY = re.compile(r"_q\d+(?=\+|$)")


def rate_plot(rows: Sequence[ReportRow]) -> bytes:
    """PSNR against mean bits per pixel: everything with its baselines, and the variants alone, enlarged.

    The qualities of a codec are joined by a line.
    """
    shown = [row for row in one_per_name(rows) if row.psnr_db is not None and row.bpp]
    variants = [row for row in shown if row.kind == "variant"]
    figure, (left, right) = _figure(2)
    for axes, chosen, title in ((left, shown, "With the baselines"), (right, variants, "The variants alone")):
        _scatter(axes, chosen, rows, lambda row: row.bpp)
        for points in _curves(chosen):
            axes.plot(
                [row.bpp or 0.0 for row in points],
                [row.psnr_db or 0.0 for row in points],
                color=_colour(points[0]),
                linewidth=1,
                alpha=0.5,
                zorder=1,
            )
        _spread(axes, [row.bpp or 0.0 for row in chosen])
        axes.set_xlabel("mean bits per pixel (bitstream with its header)")
        axes.set_ylabel("PSNR (dB)")
        axes.set_title(title, fontsize=11, loc="left")
    _legend(figure, shown, rows)
    return png(figure)


def latency_plot(rows: Sequence[ReportRow], device: str) -> bytes:
    """PSNR against the median of one whole encode on the device, with a line to the 90th percentile.

    Where numbers of threads differ, each point has its own beside it.
    """
    shown = [row for row in rows if row.psnr_db is not None and row.milliseconds("encoder")]
    figure, (axes,) = _figure(1)
    _scatter(axes, shown, rows, lambda row: row.milliseconds("encoder"))
    for row in shown:
        median, p90 = row.milliseconds("encoder") or 0.0, (row.encoder_time or {}).get("p90_ns")
        if p90:
            axes.plot(
                [median, p90 / 1e6], [row.psnr_db or 0.0] * 2, color=_colour(row), linewidth=1, alpha=0.5, zorder=1
            )
    _spread(axes, [row.milliseconds("encoder") or 0.0 for row in shown])
    below = [f"one encode on {device} (ms, median; line to the 90th percentile)"]
    if len({row.threads for row in shown}) > 1:
        below.append("beside the points: threads")
        for row in shown:
            place = row.milliseconds("encoder") or 0.0, row.psnr_db or 0.0
            axes.annotate(f"{row.threads}", place, (0, 7), textcoords="offset points", ha="center", fontsize=7)
    emulated = any(row.emulated for row in shown)
    axes.set_xlabel("\n".join(below))
    axes.set_ylabel("PSNR (dB)")
    where = f"({EMULATED})" if emulated else "on the device"
    axes.set_title(f"Quality against encode time {where}", fontsize=11, loc="left")
    _legend(figure, shown, rows)
    return png(figure)


def grid_plot(model: str, pictures: Mapping[str, np.ndarray], rows: Sequence[ReportRow]) -> bytes:
    """Originals and their reconstructions, a line of images for each row.

    Args:
        pictures: "originals" and rows' names to uint8 (n, height, width, channels).
        rows: of the model, for their order.
    """
    named = [row.row for row in rows if row.row in pictures]
    names = ["originals", *named, *sorted(set(pictures) - set(named) - {"originals"})]
    columns = len(pictures["originals"])
    figure = Figure(figsize=(1.9 + 1.05 * columns, 0.5 + 1.05 * len(names)), dpi=_DPI, layout="constrained")
    grid = np.atleast_2d(figure.subplots(len(names), columns, squeeze=False))
    for name, line in zip(names, grid, strict=True):
        for index, axes in enumerate(line):
            axes.set_xticks([])
            axes.set_yticks([])
            if index < len(pictures[name]):
                image = pictures[name][index]
                axes.imshow(
                    image[..., 0] if image.shape[-1] == 1 else image,
                    cmap="gray",
                    vmin=0,
                    vmax=255,
                    interpolation="nearest",
                )
        label = name if name == "originals" else f"{name}\n{_mean_psnr(pictures['originals'], pictures[name])}"
        line[0].set_ylabel(label, rotation=0, ha="right", va="center", fontsize=9)
    figure.suptitle(f"{model}: what was decoded (PSNR: mean of these {columns} images)", fontsize=11)
    return png(figure)


def _mean_psnr(originals: np.ndarray, images: np.ndarray) -> str:
    errors = ((originals[: len(images)].astype(np.float64) - images) ** 2).mean(axis=(1, 2, 3))
    finite = errors[errors > 0]  # a perfect image has no PSNR
    return f"{np.mean(10 * np.log10(255**2 / finite)):.2f} dB" if len(finite) else "perfect"


def _figure(panels: int) -> tuple[Figure, Sequence[Axes]]:
    figure = Figure(figsize=(4.6 * panels + 2.2, 4.4), dpi=_DPI, layout="constrained")
    return figure, figure.subplots(1, panels, squeeze=False)[0]


def _scatter(
    axes: Axes, shown: Sequence[ReportRow], rows: Sequence[ReportRow], across: Callable[[ReportRow], float | None]
) -> None:
    for row in shown:  # all have both values: the callers chose them
        # Hollow: a tuned decoder, or a baseline without its header; both share the colour of what they belong to.
        face = "none" if _is_second(row) else _colour(row)
        axes.scatter(
            [across(row) or 0.0],
            [row.psnr_db or 0.0],
            marker=_marker(row, rows),
            s=_AREAS.get(row.row, _AREA),
            facecolors=face,
            edgecolors=_colour(row),
            linewidths=1.4,
            zorder=3,
        )
    if not shown:
        axes.text(0.5, 0.5, "nothing measured", transform=axes.transAxes, ha="center")
    axes.margins(0.12)
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.ticklabel_format(useOffset=False, style="plain")


def _spread(axes: Axes, values: Sequence[float]) -> None:
    """A logarithmic axis where a linear one would press small values into one place."""
    if values and max(values) > _LOG_SPREAD * min(values):
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_formatter(NullFormatter())
    else:
        axes.xaxis.set_major_locator(MaxNLocator(5))


def _curves(rows: Sequence[ReportRow]) -> list[list[ReportRow]]:
    """The rows of each codec's encoder and decoder, by rate, where it has several qualities."""
    found: dict[tuple[str, str], list[ReportRow]] = {}
    for row in rows:
        if row.row != _family(row.row):
            found.setdefault((row.model, _family(row.row)), []).append(row)
    return [sorted(points, key=lambda row: row.bpp or 0.0) for points in found.values()]


def _family(name: str) -> str:
    """A row's name without the quality of a codec."""
    return _QUALITY.sub("", name)


def _legend(figure: Figure, shown: Sequence[ReportRow], rows: Sequence[ReportRow]) -> None:
    models = {row.model: _marker(row, rows) for row in shown}
    entries = [
        Line2D([], [], linestyle="", marker=marker, color="#555555", label=model) for model, marker in models.items()
    ]
    entries += [
        Line2D(
            [],
            [],
            linestyle="",
            marker="o",
            markeredgewidth=1.4,
            color=_colour(row),
            label=_family(row.row),
            markerfacecolor="none" if _is_second(row) else _colour(row),
        )
        for row in {_family(row.row): row for row in shown}.values()
    ]
    if entries:  # outside the axes: it can cover no point
        figure.legend(handles=entries, loc="outside right upper", fontsize=8, frameon=False)


def _is_second(row: ReportRow) -> bool:
    return row.row.endswith("-headerless") or (row.kind == "variant" and row.row != row.variant)


def _colour(row: ReportRow) -> str:
    name = _family(row.variant or row.row.removesuffix("-headerless"))
    return _COLOURS.get(name) or _OTHERS[sum(name.encode()) % len(_OTHERS)]


def _marker(row: ReportRow, rows: Sequence[ReportRow]) -> str:
    models = list(dict.fromkeys(other.model for other in rows))
    return _MARKERS[models.index(row.model) % len(_MARKERS)]


def png(figure: Figure) -> bytes:
    """A figure as the bytes of a PNG file."""
    buffer = io.BytesIO()
    # Without matplotlib's version in it, equal numbers give equal bytes.
    FigureCanvasAgg(figure)
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()
