"""One figure a model: the validation of each stage over its epochs, beside that of a control."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from host.drawing import png
from host.reporting.plots import DPI, axis_title
from host.study.results import StudyResult

_STAGE, _CONTROL = "#0072B2", "#888888"
_COLUMNS = 4

Curves = Sequence[Sequence[float]]  # one a seed


def curves_chart(model: str, found: StudyResult) -> bytes | None:
    """Small panels with one scale, one a stage after the first; None where no stage but the first is validated.

    A stage of the name "control", which trains further in floating point, is repeated in each panel.
    """
    curves: dict[str, list[Sequence[float]]] = {}
    for trial in found.trials:
        if trial.model == model:
            for stage, values in list(trial.curves.items())[1:]:
                curves.setdefault(stage, []).append(values)
    control = curves.pop("control", [])
    if not curves:
        return None
    rows = math.ceil(len(curves) / _COLUMNS)
    columns = min(len(curves), _COLUMNS)
    figure = Figure(figsize=(2.5 * columns + 1.2, 1.9 * rows + 1.1), dpi=DPI, layout="constrained")
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    _draw_all(list(panels.flat), curves, control)
    metric = found.metrics[model][0]
    figure.supylabel(f"{axis_title(metric)}, validation", fontsize=9)
    figure.supxlabel("epoch of the stage", fontsize=9)
    beside = "; grey: the float control" if control else ""
    figure.suptitle(
        f"{found.study}, {model}: training of each stage\nthick: mean over the seeds; thin: the seeds{beside}",
        x=0.01,
        ha="left",
        fontsize=10,
    )
    return png(figure)


def _draw_all(panels: Sequence[Axes], curves: Mapping[str, Curves], control: Curves) -> None:
    for axes, (stage, values) in zip(panels, curves.items(), strict=False):
        _draw(axes, control, _CONTROL)
        _draw(axes, values, _STAGE)
        axes.set_title(stage, fontsize=8, loc="left")
        axes.grid(color="#dddddd", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.tick_params(labelsize=8)
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.ticklabel_format(axis="y", useOffset=False, style="plain")
    for axes in panels[len(curves) :]:
        axes.set_axis_off()


def _draw(axes: Axes, curves: Curves, colour: str) -> None:
    for values in curves:
        axes.plot(range(1, len(values) + 1), values, color=colour, linewidth=0.6, alpha=0.6)
    if curves and len(set(map(len, curves))) == 1:
        means = [math.fsum(values) / len(values) for values in zip(*curves, strict=True)]
        axes.plot(range(1, len(means) + 1), means, color=colour, linewidth=1.8)
