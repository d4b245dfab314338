"""Figures of an evaluation: parts of pictures side by side, and PSNR against the width of weights and activations."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from host.drawing import CLOSE_UP, middle, png
from host.metrics import PSNR
from host.results import ORIGINALS, Result

_SHOWN = ("float32", "int8", "int8_qat")
_GAIN = 8  # of differences
_PICTURES = 4
_DPI = 100
_SIMULATED = re.compile(r"simulated (?:w(\d+))?(?: ?a(\d+))?")
_KINDS = {"w": "weights", "a": "activations", "wa": "both"}
_COLOURS = {"w": "#0072B2", "a": "#D55E00", "wa": "#000000"}


def figures(result: Result, pictures: Mapping[str, Sequence[np.ndarray]]) -> dict[str, bytes]:
    """PNG files by name: "pictures.png", and "widths.png" where widths were simulated."""
    found = {}
    shown = [row for row in _SHOWN if row in pictures]
    if ORIGINALS in pictures and shown:
        found["pictures.png"] = png(picture_figure(result, pictures, shown))
    if any(_SIMULATED.fullmatch(row.row) for row in result.rows):
        found["widths.png"] = png(width_figure(result))
    return found


def picture_figure(result: Result, pictures: Mapping[str, Sequence[np.ndarray]], rows: Sequence[str]) -> Figure:
    """In each line one picture's middle: the original, what each row made, and _GAIN times the difference."""
    originals = pictures[ORIGINALS][:_PICTURES]
    figure = Figure(figsize=(2.0 * (1 + 2 * len(rows)), 2.15 * len(originals) + 0.4), dpi=_DPI, layout="constrained")
    grid = figure.subplots(len(originals), 1 + 2 * len(rows), squeeze=False)
    for index, (original, line) in enumerate(zip(originals, grid, strict=True)):
        truth = middle(original, CLOSE_UP, CLOSE_UP).astype(np.float64)
        panels = [("original", truth)]
        for row in rows:
            made = middle(pictures[row][index], CLOSE_UP, CLOSE_UP).astype(np.float64)
            panels += [(row, made), (f"{row}: {_GAIN} x difference", 128 + _GAIN * (made - truth))]
        for axes, (title, values) in zip(line, panels, strict=True):
            axes.imshow(values[..., 0], cmap="gray", vmin=0, vmax=255, interpolation="nearest")
            axes.set_axis_off()
            if index == 0:
                axes.set_title(title, fontsize=8)
    figure.suptitle(f"{result.model}: luma, the middle {CLOSE_UP} pixels of pictures", x=0.01, ha="left", fontsize=10)
    return figure


def width_figure(result: Result) -> Figure:
    """PSNR against bits, for weights, activations and both; lines for float32 and cubic convolution."""
    lines: dict[str, list[tuple[int, float]]] = {kind: [] for kind in _KINDS}
    levels = {}
    for row in result.rows:
        value = row.metrics.get(PSNR.key)
        if value is None:
            continue
        if row.row in ("float32", "bicubic", "int8"):
            levels[row.row] = value
        if match := _SIMULATED.fullmatch(row.row):
            weights, activations = match.groups()
            kind = ("w" if weights else "") + ("a" if activations else "")
            if kind:
                lines[kind].append((int(weights or activations), value))
    figure = Figure(figsize=(6.6, 4.0), dpi=_DPI, layout="constrained")
    axes = figure.subplots()
    for kind, points in lines.items():
        if points:
            axes.plot(*zip(*sorted(points)), marker="o", color=_COLOURS[kind], label=_KINDS[kind])
    for (name, value), style in zip(levels.items(), ("-", "--", ":"), strict=False):
        axes.axhline(value, color="#999999", linewidth=1, linestyle=style, label=f"{name}, {value:.2f} dB")
    axes.set_xticks(sorted({bits for points in lines.values() for bits, _ in points}))
    axes.set_xlabel("bits (simulated, no training)")
    axes.set_ylabel("PSNR of the luma (dB)")
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.legend(fontsize=8, frameon=False)
    figure.suptitle(f"{result.model}, {result.source}: where fewer bits hurt", x=0.01, ha="left", fontsize=10)
    return figure
