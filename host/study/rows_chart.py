"""One figure a model: its rows one below the other, what each quantizes, what that costs, and what it buys."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from statistics import median

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from host.drawing import DPI, png
from host.metrics import Metric
from host.study.intervals import Spread
from host.study.results import CellRow, StudyResult, TrialRow

# Okabe and Ito's colours (https://jfly.uni-koeln.de/color/).
_TYPES = {"float32": "#ffffff", "float16": "#dddddd", "int8": "#56B4E9", "int16x8": "#009E73", "int16": "#009E73"}
_OTHER_TYPES = ("#E69F00", "#CC79A7", "#F0E442", "#999999")
_TRAINED, _NOT, _UNKNOWN = "#0072B2", "#D55E00", "#777777"
_FAR = 6  # times the middle of all drops; what costs more is an arrow, else the others would lie on one point
_ROW = 0.27  # inches


def rows_chart(model: str, found: StudyResult) -> bytes | None:
    """None where nothing is compared: a single row."""
    rows = [row for row in found.rows if row.model == model]
    if not any(row.drop for row in rows):
        return None
    metric = found.metrics[model][0]
    placed = {(trial.cell, row.row): row for trial in found.trials if trial.model == model for row in trial.rows}
    shown = [placed[row.cell, row.row] for row in rows]
    layers = list(dict.fromkeys(layer for row in shown for layer in row.types))
    costs = [
        (title, values, scale)
        for title, values, scale in (
            ("network (kB)", [row.sizes.get("network_bytes") for row in rows], 1e3),
            ("one image (ms)", [row.latency_ms for row in rows], 1.0),
        )
        if any(values)
    ]
    widths = [0.9 * len(layers)] * bool(layers) + [4.4] + [1.7] * len(costs)
    figure = Figure(figsize=(2.9 + sum(widths), _ROW * len(rows) + 1.9), dpi=DPI, layout="constrained")
    panels = list(figure.subplots(1, len(widths), sharey=True, squeeze=False, width_ratios=widths)[0])
    several = len({row.cell for row in rows}) > 1
    names = [f"{row.cell} {row.row}" if several else row.row for row in rows]
    values = [row.metrics.get(metric.key) for row in rows]
    labels = [f"{name}  {metric.text(value.mean) if value else ''}" for name, value in zip(names, values, strict=True)]
    panels[0].set_yticks(range(len(rows)), labels, fontsize=8)
    panels[0].set_ylim(len(rows) - 0.5, -0.5)
    handles = _layer_panel(panels.pop(0), layers, shown) if layers else []
    _drop_panel(panels.pop(0), rows, shown, metric)
    for axes, (title, some, scale) in zip(panels, costs, strict=True):
        _cost_panel(axes, title, some, scale)
    if any(row.trained for row in shown):
        handles += [Patch(color=_TRAINED, label="trained for it"), Patch(color=_NOT, label="not trained for it")]
    if handles:
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), fontsize=8, frameon=False)
    count = max(len(row.seeds) for row in rows)
    figure.suptitle(
        f"{found.study}, {model}: what each row costs in {metric.title}\n"
        f"beside the names: means over {count} seed{'s' * (count > 1)}; bars: {100 * found.confidence:g} % intervals "
        "of the drop, paired by seed; small points: the seeds",
        x=0.01,
        ha="left",
        fontsize=10,
    )
    return png(figure)


def _layer_panel(axes: Axes, layers: Sequence[str], rows: Sequence[TrialRow]) -> list[Patch]:
    """A square for each layer of each row, in the colour of its type; a dot where training knew of it."""
    types = list(dict.fromkeys(kind for row in rows for kind in row.types.values()))
    others = cycle(_OTHER_TYPES)
    colours = {kind: _TYPES.get(kind) or next(others) for kind in types}
    for place, row in enumerate(rows):
        for column, layer in enumerate(layers):
            if layer in row.types:
                colour = colours[row.types[layer]]
                axes.add_patch(
                    Rectangle((column - 0.46, place - 0.42), 0.92, 0.84, facecolor=colour, edgecolor="#bbbbbb")
                )
            if layer in row.trained:
                axes.plot(column, place, "o", color="#000000", markersize=3.5)
    axes.set_xlim(-0.5, len(layers) - 0.5)
    axes.set_xticks(range(len(layers)), layers, fontsize=8, rotation=30 if len(layers) > 4 else 0)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.set_xlabel("dot: trained with fake quantization", fontsize=8)
    for side in axes.spines.values():
        side.set_visible(False)
    return [Patch(facecolor=colours[kind], edgecolor="#bbbbbb", label=kind) for kind in types]


def _drop_panel(axes: Axes, rows: Sequence[CellRow], placed: Sequence[TrialRow], metric: Metric) -> None:
    drops = [row.drop.mean for row in rows if row.drop]
    far = _FAR * max(median(map(abs, drops)), 10.0**-metric.digits)
    near = [row.drop for row in rows if row.drop and abs(row.drop.mean) <= far]
    for place, (row, detail) in enumerate(zip(rows, placed, strict=True)):
        if row.drop is None:
            continue
        colour = _TRAINED if detail.trained else _NOT if detail.types else _UNKNOWN
        if row.drop in near:
            axes.errorbar(
                row.drop.mean, place, xerr=row.drop.half_width, fmt="o", color=colour, markersize=5, capsize=2.5
            )
            axes.plot(row.drop.values, [place + 0.22] * len(row.drop.values), ".", color=colour, markersize=3)
        else:
            sign = 1 if row.drop.mean > 0 else -1
            text = f"{metric.text(row.drop.mean)} \N{RIGHTWARDS ARROW}"
            if sign < 0:
                text = f"\N{LEFTWARDS ARROW} {metric.text(row.drop.mean)}"
            axes.text(
                0.99 if sign > 0 else 0.01, place, text, transform=axes.get_yaxis_transform(), color=colour,
                ha="right" if sign > 0 else "left", va="center", fontsize=8,
            )  # fmt: skip
    axes.axvline(0, color="#777777", linewidth=1, zorder=0)
    references = list(dict.fromkeys(row.reference for row in rows if row.reference))
    axes.set_xlabel(f"drop in {metric.title} ({metric.unit}), against {' or '.join(references)}", fontsize=9)
    _dress(axes)


def _cost_panel(axes: Axes, title: str, values: Sequence[Spread | None], scale: float) -> None:
    for place, value in enumerate(values):
        if value is not None:
            axes.plot([0, value.mean / scale], [place, place], color="#cccccc", linewidth=1, zorder=1)
            axes.plot(value.mean / scale, place, "o", color="#444444", markersize=4)
    axes.set_xlabel(title, fontsize=9)
    numbers = [value.mean / scale for value in values if value]
    if min(numbers) > 0 and max(numbers) > 20 * median(numbers):
        axes.set_xscale("log")
    else:
        axes.set_xlim(0, 1.1 * max(numbers))
    _dress(axes)


def _dress(axes: Axes) -> None:
    axes.grid(axis="x", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=8)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
