"""The report's plots as PNG bytes. No pyplot: its global state and its choice of a display are not wanted here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from host.drawing import LARGE, close_up, difference, png
from host.metrics import BPP, Metric
from host.reporting.columns import EMULATED, NETWORK, STREAM, milliseconds, size_text
from host.reporting.sources import ModelSources
from host.results import Row

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
_LOG_SPREAD = 10  # largest to smallest; above, a linear axis would press the small ones into one place
DPI = 140
DIFFERENCE = 8  # times what pictures are off, in a grid
_PICTURES = 4  # of a grid

Across = Callable[[Row], float]


def rate_plot(model: ModelSources) -> bytes | None:
    """The first metric against bytes: all rows, and beside them the variants alone where there are baselines.

    The bytes are those that are sent for an image; where these do not stand for the image, those of the network. The
    qualities of a family and decoder are joined by a line. None where no row has both.
    """
    if (metric := model.axis) is None:
        return None
    judged = [row for row in model.judged() if metric.key in row.metrics]
    by_pixel = all(BPP.key in row.metrics for row in judged if row.variant) and metric != BPP
    by_file = not any("actual" in row.ratios for row in judged)
    sent = NETWORK if by_file else STREAM
    shown = [row for row in judged if (BPP.key in row.metrics if by_pixel else sent.value(row))]
    below = "network's file (kB)" if by_file else "mean bytes (bitstream with its header)"

    def rate(row: Row) -> float:
        return row.metrics[BPP.key] if by_pixel else sent.value(row) or 0.0

    variants = [row for row in shown if row.variant]
    if not variants:
        return None
    several = [(shown, "With the baselines"), (variants, "The variants alone")]
    panels = several if len(variants) < len(shown) else [(variants, "")]
    figure, axes = _figure(len(panels))
    for each, (rows, panel_title) in zip(axes, panels, strict=True):
        _scatter(each, rows, metric, rate)
        for points in _curves(rows):
            _line(each, [(rate(row), row.metrics[metric.key]) for row in points], points[0])
        each.set_xlabel("mean bits per pixel (bitstream with its header)" if by_pixel else below)
        each.set_title(panel_title, fontsize=10, loc="left")
    _set_title(figure, f"{model.name}: {metric.title} against {'size' if by_file else 'rate'}", model)
    _legend(figure, shown)
    return png(figure)


def latency_plot(model: ModelSources, device: str) -> bytes | None:
    """The first metric against the median of one image on the device, with a line to the 90th percentile.

    Where numbers of threads differ, each point has its own beside it. None where nothing was measured.
    """
    if (metric := model.axis) is None:
        return None
    sources = {row.source for row in model.judged()}
    shown = [
        row for row in model.rows if metric.key in row.metrics and "device" in row.latency and row.source in sources
    ]
    if not shown:
        return None

    def time(row: Row) -> float:
        return milliseconds(row, "device") or 0.0

    figure, (axes,) = _figure(1)
    _scatter(axes, shown, metric, time)
    for row in shown:
        quality = row.metrics[metric.key]
        _line(axes, [(time(row), quality), (row.latency["device"].p90_ns / 1e6, quality)], row)
    below = [f"one image on {device} (ms, median; line to the 90th percentile)"]
    if len({row.threads for row in shown}) > 1:
        below.append("beside the points: threads")
        for row in shown:
            place = time(row), row.metrics[metric.key]
            axes.annotate(f"{row.threads}", place, (0, 7), textcoords="offset points", ha="center", fontsize=7)
    axes.set_xlabel("\n".join(below))
    emulated = any(row.latency["device"].emulated for row in shown)
    text = f"{model.name}: {metric.title} against time{f' ({EMULATED})' if emulated else ''}"
    _set_title(figure, text, model)
    _legend(figure, shown)
    return png(figure)


def grid_plot(model: ModelSources, pictures: Mapping[str, np.ndarray]) -> bytes:
    """Originals and their reconstructions, a line for each row: pictures, and beside them how far these are off.

    Of large pictures the middle is shown, pixel by pixel, and beside the originals what it is the middle of.

    Args:
        pictures: "originals" and rows' names to uint8 (n, height, width, channels).
    """
    rows = {row.row: row for row in model.judged()}
    names = ["originals", *(name for name in rows if name in pictures)]
    names += sorted(set(pictures) - set(names))
    metric = model.axis
    whole = list(pictures["originals"][:_PICTURES])
    originals = [_part(image) for image in whole]
    count, (height, width) = len(whole), originals[0].shape[:2]
    is_part = originals[0].shape != whole[0].shape
    # Inches: small images larger, others pixel by pixel; each pixel of a part is a square of four.
    across = max(1.05, (2 if is_part else 1) * width / DPI)
    size = (1.9 + across * 2 * count, 1.1 + (0.05 + across * height / width) * len(names))
    figure = Figure(figsize=size, dpi=DPI, layout="constrained")
    grid = figure.subplots(len(names), 2 * count, squeeze=False)
    for name, line in zip(names, grid, strict=True):
        made = [_part(image) for image in pictures[name][:count]]
        beside = [difference(*pair, DIFFERENCE) for pair in zip(originals, made, strict=False)]
        if name == "originals":
            beside = whole if is_part else []
        for axes, image in zip_longest(line, [*made, *[None] * (count - len(made)), *beside]):
            _show(axes, image)
        value = rows[name].metrics.get(metric.key) if metric and name in rows else None
        label = name if metric is None or value is None else f"{name}\n{metric.text(value)}"
        line[0].set_ylabel(label, rotation=0, ha="right", va="center", fontsize=9)
    if is_part:
        grid[0][count].set_title("whole", fontsize=9, loc="left")
    if len(names) > 1:
        grid[1][count].set_title(f"difference × {DIFFERENCE}", fontsize=9, loc="left")
    shown = f"the middle {width} x {height} pixels of what was decoded" if is_part else "what was decoded"
    _set_title(figure, f"{model.name}: {shown}{f', and {metric.title} over' if metric else ''}", model)
    return png(figure)


def _part(image: np.ndarray) -> np.ndarray:
    part = close_up(image)
    return image if part is None else part


def _show(axes: Axes, image: np.ndarray | None) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    if image is None:
        axes.set_frame_on(False)
        return
    # Pixel by pixel, but for a whole picture beside parts, which is shrunk.
    how = "nearest" if max(image.shape[:2]) <= LARGE else "antialiased"
    axes.imshow(image[..., 0] if image.shape[-1] == 1 else image, cmap="gray", vmin=0, vmax=255, interpolation=how)


def axis_title(metric: Metric) -> str:
    return f"{metric.title} ({metric.unit})" if metric.unit else metric.title


def _set_title(figure: Figure, text: str, model: ModelSources) -> None:
    # To the left, in two lines: the legend stands at the right.
    images = f"{model.best.source}, {model.best.images} images of {size_text(model.best.image_shapes)} pixels"
    figure.suptitle(f"{text}\n{images}", x=0.01, ha="left", fontsize=10)


def _figure(panels: int) -> tuple[Figure, Sequence[Axes]]:
    figure = Figure(figsize=(4.6 * panels + 2.2, 4.4), dpi=DPI, layout="constrained")
    return figure, figure.subplots(1, panels, squeeze=False)[0]


def _scatter(axes: Axes, shown: Sequence[Row], metric: Metric, across: Across) -> None:
    values = [across(row) for row in shown]
    for row, value in zip(shown, values, strict=True):
        axes.scatter(
            [value],
            [row.metrics[metric.key]],
            marker=_marker(row),
            s=_AREAS.get(row.row, _AREA),
            facecolors="none" if _is_second(row) else _colour(row),
            edgecolors=_colour(row),
            linewidths=1.4,
            zorder=3,
        )
    axes.set_ylabel(axis_title(metric))
    axes.margins(0.12)
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.ticklabel_format(useOffset=False, style="plain")
    if max(values) > _LOG_SPREAD * min(values) > 0:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_formatter(NullFormatter())
    else:
        axes.xaxis.set_major_locator(MaxNLocator(5))


def _line(axes: Axes, points: Sequence[tuple[float, float]], row: Row) -> None:
    axes.plot(*zip(*points, strict=True), color=_colour(row), linewidth=1, alpha=0.5, zorder=1)


def _curves(rows: Sequence[Row]) -> list[list[Row]]:
    """The rows of each family and decoder by quality, where there are qualities."""
    found: dict[tuple[str | None, str | None], list[Row]] = {}
    for row in rows:
        if row.quality is not None:
            found.setdefault((row.family, row.decoder), []).append(row)
    return [sorted(points, key=lambda row: row.quality or 0) for points in found.values()]


def _legend(figure: Figure, shown: Sequence[Row]) -> None:
    entries = [
        Line2D(
            [],
            [],
            linestyle="",
            marker=_marker(row),
            markeredgewidth=1.4,
            color=_colour(row),
            label=name,
            markerfacecolor="none" if _is_second(row) else _colour(row),
        )
        for name, row in {_curve_name(row): row for row in shown}.items()
    ]
    figure.legend(handles=entries, loc="outside right upper", fontsize=8, frameon=False)  # it can cover no point


def _curve_name(row: Row) -> str:
    if row.quality is None:
        return row.row
    return f"{row.family}, {row.decoder} decoder" if row.decoder else f"{row.family}"


def _is_second(row: Row) -> bool:
    """Whether a row shares the colour of another that it belongs to, such as one with a tuned decoder."""
    return row.decoder not in (None, "own") or (row.variant is None and row.quality is None and _family(row) != row.row)


def _family(row: Row) -> str:
    return row.family or row.variant or row.row


def _colour(row: Row) -> str:
    name = _family(row)
    return _COLOURS.get(name) or _OTHERS[sum(name.encode()) % len(_OTHERS)]


def _marker(row: Row) -> str:
    return "o" if row.variant else "s"
