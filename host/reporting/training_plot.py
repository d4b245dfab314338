"""How a model was trained, as PNG bytes: loss, PSNR and SSIM over the epochs of all its stages."""

from __future__ import annotations

from itertools import cycle
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter

from host.reporting.plots import png
from host.reporting.sources import Json
from host.reporting.training import stages

# Okabe and Ito's colours, as in plots.py.
_COLOURS = ("#000000", "#0072B2", "#999999", "#D55E00", "#E69F00", "#009E73", "#CC79A7")
_PANELS = {"validation_loss": "loss", "validation_psnr_db": "PSNR (dB)", "validation_ssim": "SSIM"}
_DPI = 140

Curve = tuple[list[float], list[float]]


def training_plot(model: str, training: Json) -> bytes | None:
    """The curves of a training.json; None where it has none that validated every epoch (codecs do not).

    A stage begins where the one that it starts from ends: qat and its control beside each other, then the decoders.
    """
    curves = _curves(training)
    shown = [key for key in _PANELS if any(key in found for found in curves.values())]
    if not shown:
        return None
    figure = Figure(figsize=(4.6 * len(shown) + 2.2, 4.0), dpi=_DPI, layout="constrained")
    panels = figure.subplots(1, len(shown), squeeze=False)[0]
    for key, axes in zip(shown, panels, strict=True):
        for colour, (stage, found) in zip(cycle(_COLOURS), curves.items(), strict=False):
            _draw(axes, found.get(key), colour, "-", stage if axes is panels[0] else None)
            if key == "validation_loss":
                _draw(axes, found.get("loss"), colour, ":", None)
        _dress(axes, _PANELS[key])
    panels[0].set_title(f"{model}: validation; dotted: the loss in training", fontsize=10, loc="left")
    if all(value > 0 for found in curves.values() for key in ("loss", "validation_loss") for value in found[key][1]):
        panels[0].set_yscale("log")
        panels[0].yaxis.set_major_locator(MaxNLocator(7))
        panels[0].yaxis.set_major_formatter("{x:g}")
        panels[0].yaxis.set_minor_formatter(NullFormatter())
    figure.legend(loc="outside right upper", fontsize=8, frameon=False)
    return png(figure)


def _curves(training: Json) -> dict[str, dict[str, Curve]]:
    """By stage, by key of its epochs: where, and what."""
    found: dict[str, dict[str, Curve]] = {}
    begin, end = 0, 0
    for stage, record in stages(training):
        history = record.get("history", [])
        if not stage.startswith(("control", "tune, decoder for int8_qat")):
            begin = end
        if history and all("loss" in row and "validation_loss" in row for row in history):
            found[stage] = {
                key: ([begin + row["epoch"] for row in history], [row[key] for row in history])
                for key in ("loss", *_PANELS)
                if all(key in row for row in history)
            }
            end = max(end, begin + len(history))
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
