"""Pictures of a classifier's evaluation: confusions, accuracies of classes, and images that were taken for others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from host.data.split import Split
from host.drawing import png
from host.results import Result, Row
from host.tasks.classification.judging import CONFUSION, PREDICTED, PROBABILITY, REFERENCE, TRUTH

if TYPE_CHECKING:
    from host.tasks.task import Judged

_OTHER = "int8"  # what stands beside float32; where there is no such row, the variant after float32
_COLOURS = ("#000000", "#D55E00")  # as in the report's plots
_NUMBERED = 20  # classes up to which every cell of a confusion has its number
_DPI = 90
_COLUMNS = 8  # images of each kind


def figures(result: Result, judged: Judged, images: Split) -> dict[str, bytes]:
    """The PNG files by name: "confusion.png", "class_accuracy.png", "misclassified.png".

    Of a float32 row and of one quantized variant beside it; without a float32 row nothing is compared, so none is made.
    """
    rows = {row.row: row for row in result.rows if CONFUSION in row.counts and row.row in judged}
    others = [name for name in rows if name != REFERENCE]
    if REFERENCE not in rows or not others:
        return {}
    pair = [rows[REFERENCE], rows[_OTHER if _OTHER in others else others[0]]]
    found = {
        "confusion.png": confusion_figure(result, pair),
        "class_accuracy.png": class_figure(result, pair),
        "misclassified.png": misclassified_figure(result, judged, pair, images),
    }
    return {name: png(figure) for name, figure in found.items() if figure is not None}


def confusion_figure(result: Result, rows: Sequence[Row]) -> Figure:
    """The confusion matrices side by side: in each line the images of a class, in percent of them."""
    classes, numbered = result.classes, len(result.classes) <= _NUMBERED
    side = max(4.2, 0.42 * len(classes)) if numbered else 6.0
    figure = Figure(figsize=(2 * side + 1.6, side + 0.9), dpi=_DPI, layout="constrained")
    panels = figure.subplots(1, len(rows), squeeze=False)[0]
    for axes, row in zip(panels, rows, strict=True):
        counts = np.array(row.counts[CONFUSION], np.float64)
        shares = 100 * counts / np.maximum(counts.sum(1, keepdims=True), 1)
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=100, interpolation="nearest")
        axes.set_title(f"{row.row}: {row.metrics[result.metrics[0].key]:.2f} %", fontsize=10)
        axes.set_xlabel("taken for")
        if numbered:
            _number(axes, shares)
            axes.set_xticks(range(len(classes)), classes, rotation=60, ha="right", rotation_mode="anchor", fontsize=8)
            axes.set_yticks(range(len(classes)), classes, fontsize=8)
    panels[0].set_ylabel("is")
    figure.suptitle(f"{_title(result)}: confusion, percent of each class", x=0.01, ha="left", fontsize=10)
    return figure


def class_figure(result: Result, rows: Sequence[Row]) -> Figure:
    """Each class's accuracy as a point for each row on one line, the class that loses most first."""
    classes = result.classes
    shares = []
    for row in rows:
        counts = np.array(row.counts[CONFUSION], np.float64)
        shares.append(100 * np.diag(counts) / np.maximum(counts.sum(1), 1))
    order = np.argsort(-(shares[0] - shares[1]), kind="stable")
    size = 0.34 if len(classes) <= _NUMBERED else 0.16
    figure = Figure(figsize=(7.2, 1.3 + size * len(classes)), dpi=_DPI, layout="constrained")
    axes = figure.subplots()
    places = np.arange(len(classes))
    axes.hlines(places, shares[0][order], shares[1][order], color="#999999", linewidth=1.4)
    for row, share, colour, size in zip(rows, shares, _COLOURS, (34, 16), strict=True):
        axes.scatter(share[order], places, size, color=colour, label=row.row, zorder=3)
    changes = axes.get_yaxis_transform()  # beside the axes, at the height of the class
    for place, index in enumerate(order):
        change = shares[1][index] - shares[0][index]
        axes.text(1.01, place, f"{change:+.1f}", transform=changes, va="center", fontsize=7)
    axes.set_yticks(places, [classes[index] for index in order], fontsize=8 if len(classes) <= _NUMBERED else 6)
    axes.set_ylim(len(classes) - 0.4, -0.6)  # the first class at the top
    axes.set_xlabel(f"accuracy of the class (%); right: points that {rows[1].row} changes it by")
    axes.grid(axis="x", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    figure.legend(loc="outside upper right", ncols=2, fontsize=8, frameon=False)
    figure.suptitle(f"{_title(result)}: accuracy by class", x=0.01, ha="left", fontsize=10)
    return figure


def misclassified_figure(result: Result, judged: Judged, rows: Sequence[Row], images: Split) -> Figure | None:
    """The first images that one of both takes for another class, in three lines; None where both are always right."""
    values = [judged[row.row] for row in rows]
    truth = np.array([each[TRUTH] for each in values[0]])
    right = [np.array([each[PREDICTED] for each in some]) == truth for some in values]
    names = [row.row for row in rows]
    kinds = {
        f"{names[0]} right,\n{names[1]} wrong": right[0] & ~right[1],
        f"{names[0]} wrong,\n{names[1]} right": ~right[0] & right[1],
        "both wrong": ~right[0] & ~right[1],
    }
    shown = {title: np.flatnonzero(chosen) for title, chosen in kinds.items() if chosen.any()}
    if not shown:
        return None
    figure = Figure(figsize=(1.0 + 1.45 * _COLUMNS, 0.6 + 2.0 * len(shown)), dpi=_DPI, layout="constrained")
    grid = figure.subplots(len(shown), _COLUMNS, squeeze=False)
    for (title, chosen), line in zip(shown.items(), grid, strict=True):
        for axes in line:
            axes.set_xticks([])
            axes.set_yticks([])
            axes.spines[:].set_visible(False)
        for axes, index in zip(line, chosen[:_COLUMNS], strict=False):
            image = images.pictures[int(index)]
            plain = image[..., 0] if image.shape[-1] == 1 else image
            axes.imshow(plain, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
            said = [_said(result, row, each[index]) for row, each in zip(rows, values, strict=True)]
            axes.set_title(f"is {_short(result.classes[int(truth[index])])}", fontsize=7, pad=3)
            axes.set_xlabel("\n".join(said), fontsize=6.5, labelpad=3)
        line[0].set_ylabel(f"{title}\n({len(chosen)} images)", rotation=0, ha="right", va="center", fontsize=8)
    figure.suptitle(f"{_title(result)}: images taken for another class", x=0.01, ha="left", fontsize=10)
    return figure


def _said(result: Result, row: Row, value: Mapping[str, float | None]) -> str:
    answer, probability = value[PREDICTED], value[PROBABILITY]
    assert answer is not None and probability is not None
    return f"{row.row}: {_short(result.classes[int(answer)])} {100 * probability:.0f} %"


def _number(axes: Axes, shares: np.ndarray) -> None:
    for (truth, answer), share in np.ndenumerate(shares):
        if share >= 0.05:
            colour = "white" if share > 50 else "black"
            axes.text(answer, truth, f"{share:.1f}", ha="center", va="center", fontsize=6.5, color=colour)


def _title(result: Result) -> str:
    return f"{result.model}, {result.images:,} images of the {result.source}"


def _short(name: str) -> str:
    return name if len(name) <= 13 else f"{name[:12]}~"
