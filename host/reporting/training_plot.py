"""How a model was trained, as PNG bytes: the loss and each metric over the epochs of all its stages."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter

from host.drawing import png
from host.metrics import Metric
from host.reporting.plots import DPI, axis_title
from host.reporting.training import Record, stages

# Okabe and Ito's colours, as in plots.py.
_COLOURS = ("#000000", "#0072B2", "#999999", "#D55E00", "#E69F00", "#009E73", "#CC79A7")

Curve = tuple[list[float], list[float]]


def training_plot(model: str, training: Record, metrics: Sequence[Metric]) -> bytes | None:
    """The curves of a training.json; None where no epoch of it was validated.

    The trainings of a stage begin together, where the stage before ended.
    """
    curves = _curves(training, metrics)
    titles = {"validation_loss": "loss", **{each.key: axis_title(each) for each in metrics}}
    shown = [key for key in titles if any(key in found for found in curves.values())]
    if not shown:
        return None
    figure = Figure(figsize=(4.6 * len(shown) + 2.2, 4.0), dpi=DPI, layout="constrained")
    panels = figure.subplots(1, len(shown), squeeze=False)[0]
    for key, axes in zip(shown, panels, strict=True):
        for colour, (stage, found) in zip(cycle(_COLOURS), curves.items(), strict=False):
            _draw(axes, found.get(key), colour, "-", stage if axes is panels[0] else None)
            if key == "validation_loss":
                _draw(axes, found.get("loss"), colour, ":", None)
        _dress(axes, titles[key])
    panels[0].set_title(f"{model}: validation; dotted: the loss in training", fontsize=10, loc="left")
    losses = [found[key][1] for found in curves.values() for key in ("loss", "validation_loss") if key in found]
    if all(value > 0 for values in losses for value in values):
        panels[0].set_yscale("log")
        panels[0].yaxis.set_major_locator(MaxNLocator(7))
        panels[0].yaxis.set_major_formatter("{x:g}")
        panels[0].yaxis.set_minor_formatter(NullFormatter())
    figure.legend(loc="outside right upper", fontsize=8, frameon=False)
    return png(figure)


def _curves(training: Record, metrics: Sequence[Metric]) -> dict[str, dict[str, Curve]]:
    """By training, by key of its epochs: where, and what."""
    found: dict[str, dict[str, Curve]] = {}
    begin = 0
    for records in stages(training):
        for name, record in records.items():
            rows = [{**row, **row.get("validation", {})} for row in record["history"]]
            if any("validation_loss" in row for row in rows):
                found[name] = {
                    key: ([begin + row["epoch"] for row in known], [row[key] for row in known])
                    for key in ("loss", "validation_loss", *(each.key for each in metrics))
                    if (known := [row for row in rows if row.get(key) is not None])
                }
        begin += max(len(record["history"]) for record in records.values())
    return found


def _draw(axes: Axes, curve: Curve | None, colour: str, line: str, label: str | None) -> None:
    if curve is not None:
        dots: Any = {"marker": "o", "markersize": 2.5} if line == "-" else {}
        axes.plot(*curve, line, color=colour, linewidth=1.3, label=label, **dots)


def _dress(axes: Axes, label: str) -> None:
    axes.set_ylabel(label)
    axes.set_xlabel("epoch, stage after stage")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
