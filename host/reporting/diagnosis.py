"""A diagnosis as plain text of at most 80 columns."""

from __future__ import annotations

import json
from collections.abc import Mapping

from host.quantization.diagnosis.result import FEW, HARMLESS, OUTPUT, Diagnosis, Kept, LayerError, NetworkDiagnosis
from host.reporting.columns import cell, clip, wrapped

_NAME, _KIND = 20, 15
_COLUMNS = (("SQNR", "dB", 7), ("own", "dB", 6), ("share", "%", 7), ("range", "", 15), ("scale", "", 8))
_LARGEST = 5  # shares that are said once more: a culprit may be far down, where its own values are large
_NOTES = (
    "SQNR compares a layer's output with float32: signal to quantization noise, with the errors of all layers before "
    "it. own: only this layer's weights and output are rounded. share: its part of the errors that the layers, each "
    "rounded alone, make in the network's output."
)


def diagnosis_text(found: Diagnosis) -> str:
    """A table for each network, the worst layer first, what to keep from int8, and the recipe for it."""
    lines: list[str] = []
    for network in found.networks:
        lines += [*_network(found, network), ""]
    lines += wrapped(_NOTES)
    if found.recipe:
        lines += ["", *wrapped(f'For "recipes" in "quantization" of the spec of {found.model}:'), ""]
        lines += _recipe(found.recipe)
    elif any(network.advice for network in found.networks):
        text = "no recipe takes these weights and keeps layers from int8; try --variant int8"
        lines += ["", *wrapped(f"{found.variant}: {text}")]
    return "\n".join(lines)


def _network(found: Diagnosis, network: NetworkDiagnosis) -> list[str]:
    title = f"{found.model} {found.variant}, {network.network}: output {_db(network.sqnr_db)}, {found.images} images"
    kept = set(network.advice.layers) if network.advice else set()
    head = [
        f"{label:<{_NAME + _KIND + 2}}" + "".join(f"{row[place]:>{row[2]}}" for row in _COLUMNS)
        for place, label in ((0, " layer"), (1, ""))
    ]
    rows = [_row(layer, layer.layer in kept) for layer in network.layers]
    largest = sorted(network.layers, key=lambda layer: -layer.share_percent)[:_LARGEST]
    shares = ", ".join(f"{layer.layer} {layer.share_percent:.1f} %" for layer in largest)
    lines = [*wrapped(title), *(line.rstrip() for line in head), *rows, ""]
    return [*lines, *wrapped(f"Largest shares: {shares}."), *_verdict(network)]


def _row(layer: LayerError, kept: bool) -> str:
    cells = (
        cell(layer.sqnr_db, 1),
        cell(layer.own_sqnr_db, 1),
        f"{layer.share_percent:.1f}",
        "..".join(_short(value, layer) for value in (layer.minimum, layer.maximum)),
        "-" if layer.scale is None else f"{layer.scale:.3g}",
    )
    kind = clip(layer.ops[-1].removesuffix("_2D"), _KIND)
    names = f"{'*' if kept else ' '}{clip(layer.layer, _NAME):<{_NAME}} {kind:<{_KIND}}"
    return names + "".join(f"{text:>{row[2]}}" for text, row in zip(cells, _COLUMNS, strict=True))


def _short(value: float, layer: LayerError) -> str:
    """Three digits; what is next to nothing in the layer's range is 0."""
    return f"{value:.3g}" if abs(value) > 1e-4 * max(abs(layer.minimum), abs(layer.maximum)) else "0"


def _verdict(network: NetworkDiagnosis) -> list[str]:
    if network.verdict == HARMLESS:
        return wrapped(f"Nothing hurts: the output keeps {_db(network.sqnr_db)}. Leave every layer as it is.")
    best = _db(network.best_sqnr_db)
    if network.verdict == OUTPUT:
        return wrapped(f"No layer hurts: with all of them in float32 the output, rounded to its type, has {best}.")
    lines = wrapped(f"Computed: {_db(network.expected_sqnr_db)} as it is, {best} with all layers in float32, and with")
    lines += [line for step in network.steps for line in wrapped(f"{_step(step)}", "  ")]
    if network.verdict == FEW and network.advice:
        return lines + wrapped(f"Advice (*): {_kept(network.advice)}.")
    return lines + wrapped(
        "No few layers make the error, so there is no advice; try int16x8 or quantization-aware training."
    )


def _step(step: Kept) -> str:
    error = f"{step.gain_percent:.0f} % less error"
    return f"{_kept(step)}: {_db(step.expected_sqnr_db)}, {error}, {step.added_weight_bytes:+,} bytes of weights"


def _kept(step: Kept) -> str:
    return ", ".join(f"{layer} {kind}" for layer, kind in step.layers.items())


def _recipe(recipe: Mapping[str, object]) -> list[str]:
    """One line for each key: no layer's name is cut."""
    lines = json.dumps(recipe, indent=2).splitlines()
    return lines[1:-1]


def _db(value: float | None) -> str:
    return "no error" if value is None else f"{value:.1f} dB"
