"""A study's charts: the first metric against time and against bytes, one figure for each data set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import cycle

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter

from host.drawing import DPI, axis_title, png
from host.metrics import Metric
from host.study.curves_chart import curves_chart
from host.study.intervals import Spread, pareto_front
from host.study.results import CellRow, StudyResult
from host.study.rows_chart import rows_chart

# Okabe and Ito's colours (https://jfly.uni-koeln.de/color/), for networks; the shape is the row's.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
_FAINT = 0.25
_LOG_SPREAD = 10  # largest to smallest; above, a linear axis would press the small ones into one place
# What a chart's horizontal axis may be: name -> (title, numbers of a row).
COSTS: dict[str, tuple[str, Callable[[CellRow], Spread | None]]] = {
    "latency": ("one image on the device (ms, median)", lambda row: row.latency_ms),
    "size": ("network file (bytes)", lambda row: row.sizes.get("network_bytes")),
}


def charts(found: StudyResult) -> dict[str, bytes]:
    """PNG files by name.

    For each data set and metric a figure for each of `COSTS`, such as "cifar10.latency", unless there are more rows
    than shapes; for each model its rows, "<model>.rows", and its stages' curves, "<model>.curves", or a figure for each
    cell, "<model>.<cell>.curves".
    """
    made = _by_data_set(found)
    for model in found.metrics:
        if (data := rows_chart(model, found)) is not None:
            made[f"{model}.rows"] = data
        cells = list(dict.fromkeys(trial.cell for trial in found.trials if trial.model == model))
        for cell in cells:
            if (data := curves_chart(model, cell, found)) is not None:
                made[f"{model}.{cell}.curves" if cells[1:] else f"{model}.curves"] = data
    return made


def _by_data_set(found: StudyResult) -> dict[str, bytes]:
    figures: dict[tuple[str, Metric], list[CellRow]] = {}
    names: dict[str, str] = {}
    for row in found.rows:
        trial = next(each for each in found.trials if (each.model, each.cell) == (row.model, row.cell))
        names[trial.data_sha256] = trial.dataset
        figures.setdefault((trial.data_sha256, found.metrics[row.model][0]), []).append(row)
    made: dict[str, bytes] = {}
    for (digest, metric), rows in figures.items():
        name = _file_name(names[digest], made)
        for cost, (title, number) in COSTS.items():
            shown = [row for row in rows if number(row) and metric.key in row.metrics]
            if shown and len({row.row for row in shown}) <= len(_MARKERS):
                text = f"{found.study}, {names[digest]}: {metric.title} against {cost}"
                made[f"{name}.{cost}"] = _chart(text, shown, metric, title, number)
    return made


def _file_name(dataset: str, made: dict[str, bytes]) -> str:
    plain = "".join(letter if letter.isalnum() else "-" for letter in dataset)
    taken = {name.rpartition(".")[0] for name in made}
    options = (plain if index == 1 else f"{plain}-{index}" for index in range(1, len(taken) + 2))
    return next(name for name in options if name not in taken)


def _chart(
    text: str, rows: Sequence[CellRow], metric: Metric, title: str, number: Callable[[CellRow], Spread | None]
) -> bytes:
    figure = Figure(figsize=(7.4, 4.4), dpi=DPI, layout="constrained")
    axes = figure.subplots()
    costs = [cost for row in rows if (cost := number(row))]
    values = [row.metrics[metric.key] for row in rows]
    points = [(cost.mean, value.mean) for cost, value in zip(costs, values, strict=True)]
    front = pareto_front(points, metric.higher_is_better)
    networks = list(dict.fromkeys((row.model, row.cell) for row in rows))
    kinds = list(dict.fromkeys(row.row for row in rows))
    colours = dict(zip(networks, cycle(_COLOURS)))
    markers = dict(zip(kinds, _MARKERS, strict=False))
    for place, (row, cost, value) in enumerate(zip(rows, costs, values, strict=True)):
        axes.errorbar(
            cost.mean,
            value.mean,
            xerr=cost.half_width,
            yerr=value.half_width,
            fmt=markers[row.row],
            color=colours[row.model, row.cell],
            alpha=1.0 if place in front else _FAINT,
            markersize=7,
            elinewidth=1.2,
            capsize=3,
            zorder=3,
        )
    axes.plot(*zip(*sorted(points[place] for place in front)), color="#bbbbbb", linewidth=1, zorder=1)
    axes.set_xlabel(title)
    axes.set_ylabel(axis_title(metric))
    axes.margins(0.1)
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.ticklabel_format(useOffset=False, style="plain")
    smallest, largest = min(cost.mean for cost in costs), max(cost.mean for cost in costs)
    if largest > _LOG_SPREAD * smallest > 0:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_formatter(NullFormatter())
    several = len({cell for _, cell in networks}) > 1
    names = {network: " ".join(network) if several else network[0] for network in networks}
    entries = [
        *(Line2D([], [], linestyle="", marker="o", color=colours[each], label=names[each]) for each in networks),
        *(Line2D([], [], linestyle="", marker=markers[kind], color="#666666", label=kind) for kind in kinds),
    ]
    figure.legend(handles=entries, loc="outside right upper", fontsize=8, frameon=False)
    figure.suptitle(
        f"{text}\nbars: 95 % intervals over the seeds; faint: another is as good and costs less",
        x=0.01,
        ha="left",
        fontsize=10,
    )
    return png(figure)
