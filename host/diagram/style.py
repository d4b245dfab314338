"""Colours and styles of a drawing. Every rule and every name begins with a prefix: pages embed drawings as they are."""

from __future__ import annotations

PREFIX = "splitlite-drawing"
FONT = "system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', Arial, sans-serif"

# Okabe and Ito's colours, made for colour-blind readers (https://jfly.uni-koeln.de/color/), as in the report's plots.
COLOURS = {
    "float32": "currentColor",
    "float16 weights": "#56B4E9",
    "int8 weights": "#E69F00",
    "int8": "#D55E00",
    "int16": "#009E73",
    "int16x8": "#009E73",
    "int4 weights": "#CC79A7",
}
OTHER = "#0072B2"  # of types that a conversion may get one day
MEANINGS = {
    "float32": "weights and activations in floating point",
    "float16 weights": "computed in float32",
    "int8 weights": "activations in float32",
    "int8": "weights and activations in 8-bit integers",
    "int16": "activations in 16-bit integers",
    "int16x8": "activations in 16-bit, weights in 8-bit integers",
    "int4 weights": "activations in float32",
}

# A page may set --splitlite-ink and --splitlite-paper, for a theme that does not follow the system's.
STYLE = f"""
.{PREFIX} {{
  color-scheme: light dark;
  --ink: var(--splitlite-ink, #1b1f24); --paper: var(--splitlite-paper, #ffffff);
  color: var(--ink); background: var(--paper); font: 12px {FONT};
}}
@media (prefers-color-scheme: dark) {{
  .{PREFIX} {{ --ink: var(--splitlite-ink, #e6e9ec); --paper: var(--splitlite-paper, #14181c); }}
}}
.{PREFIX} text {{ fill: currentColor; }}
.{PREFIX} .{PREFIX}-head {{ font-size: 16px; font-weight: 600; }}
.{PREFIX} .{PREFIX}-bold {{ font-weight: 600; }}
.{PREFIX} .{PREFIX}-small {{ font-size: 11px; }}
.{PREFIX} .{PREFIX}-paper {{ fill: var(--paper); }}
.{PREFIX} .{PREFIX}-panel {{ fill: currentColor; fill-opacity: 0.035; stroke: currentColor; stroke-opacity: 0.25; }}
.{PREFIX} .{PREFIX}-box {{ stroke: currentColor; stroke-opacity: 0.55; }}
.{PREFIX} .{PREFIX}-pill {{ fill: var(--paper); stroke: currentColor; stroke-opacity: 0.55; }}
.{PREFIX} .{PREFIX}-again {{ stroke-dasharray: 4 3; }}
.{PREFIX} .{PREFIX}-line {{ fill: none; stroke: currentColor; stroke-width: 1.3; stroke-opacity: 0.75; }}
.{PREFIX} .{PREFIX}-arrow {{ fill: currentColor; }}
.{PREFIX} .{PREFIX}-mark {{ fill: none; stroke: currentColor; }}
.{PREFIX} .{PREFIX}-split {{ stroke: currentColor; stroke-width: 2; stroke-dasharray: 8 6; }}
""".strip()
