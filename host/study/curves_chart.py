"""One figure a model: the validation of each stage over its epochs, beside that of a control."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import median

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from host.drawing import DPI, axis_title, png
from host.study.results import Curve, StudyResult

_STAGE, _CONTROL = "#0072B2", "#888888"
_COLUMNS = 4
_FAR = 3  # times the middle one's span


def curves_chart(model: str, cell: str, found: StudyResult) -> bytes | None:
    """Small panels, one a stage after the first; None where no stage but the first is validated.

    They have one scale, but for stages whose values lie far from the others': on that the others would be flat.
    A stage of the name "control", which trains further in floating point, is repeated in each panel.
    """
    curves: dict[str, list[Curve]] = {}
    for trial in found.trials:
        if (trial.model, trial.cell) == (model, cell):
            for curve in trial.curves[1:]:
                curves.setdefault(curve.stage, []).append(curve)
    control = curves.pop("control", [])
    if not curves:
        return None
    rows = math.ceil(len(curves) / _COLUMNS)
    columns = min(len(curves), _COLUMNS)
    figure = Figure(figsize=(2.5 * columns + 1.2, 1.9 * rows + 1.1), dpi=DPI, layout="constrained")
    panels = figure.subplots(rows, columns, sharex=True, squeeze=False)
    _draw_all(list(panels.flat), curves, control)
    metric = found.metrics[model][0]
    figure.supylabel(f"{axis_title(metric)}, validation", fontsize=9)
    figure.supxlabel("epoch of the stage", fontsize=9)
    several = len({trial.cell for trial in found.trials if trial.model == model}) > 1
    beside = "; grey: the float control" if control else ""
    figure.suptitle(
        f"{found.study}, {model}{f' {cell}' if several else ''}: training of each stage\n"
        f"thick: mean over the seeds; thin: the seeds{beside}",
        x=0.01,
        ha="left",
        fontsize=10,
    )
    return png(figure)


def _draw_all(panels: Sequence[Axes], curves: Mapping[str, Sequence[Curve]], control: Sequence[Curve]) -> None:
    ends = {stage: _ends([*values, *control]) for stage, values in curves.items()}
    middle = median(high - low for low, high in ends.values())
    near = [each for each in ends.values() if each[1] - each[0] <= _FAR * middle]
    shared = min(low for low, _ in near), max(high for _, high in near)
    for axes, (stage, values) in zip(panels, curves.items(), strict=False):
        _draw(axes, control, _CONTROL)
        _draw(axes, values, _STAGE)
        low, high = ends[stage]
        far = high - low > _FAR * middle
        low, high = (low, high) if far else shared
        axes.set_ylim(low - 0.1 * (high - low), high + 0.1 * (high - low))
        axes.set_title(f"{stage} (own scale)" if far else stage, fontsize=8, loc="left")
        axes.grid(color="#dddddd", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.tick_params(labelsize=8)
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.ticklabel_format(axis="y", useOffset=False, style="plain")
    for axes in panels[len(curves) :]:
        axes.set_axis_off()


def _ends(curves: Sequence[Curve]) -> tuple[float, float]:
    values = [value for curve in curves for value in curve.values]
    return min(values), max(values)


def _draw(axes: Axes, curves: Sequence[Curve], colour: str) -> None:
    for curve in curves:
        axes.plot(curve.epochs, curve.values, color=colour, linewidth=0.6, alpha=0.6)
    if curves and len({curve.epochs for curve in curves}) == 1:
        means = [math.fsum(values) / len(values) for values in zip(*(curve.values for curve in curves), strict=True)]
        axes.plot(curves[0].epochs, means, color=colour, linewidth=1.8)
