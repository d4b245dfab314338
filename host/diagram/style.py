"""Colours and styles of a drawing. Every rule and every name begins with a prefix: pages embed drawings as they are."""

from __future__ import annotations

from host.svg.colours import BLUE, DARK_INK, DARK_PAPER, GREEN, INK, ORANGE, PAPER, PURPLE, SKY, VERMILION
from host.svg.text import FONT

PREFIX = "splitlite-drawing"

# As in the report's plots.
COLOURS = {
    "float32": "currentColor",
    "float16 weights": SKY,
    "int8 weights": ORANGE,
    "int8": VERMILION,
    "int16": GREEN,
    "int16x8": GREEN,
    "int4 weights": PURPLE,
}
OTHER = BLUE  # of types that a conversion may get one day
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
  --ink: var(--splitlite-ink, {INK}); --paper: var(--splitlite-paper, {PAPER});
  color: var(--ink); background: var(--paper); font: 12px {FONT};
}}
@media (prefers-color-scheme: dark) {{
  .{PREFIX} {{ --ink: var(--splitlite-ink, {DARK_INK}); --paper: var(--splitlite-paper, {DARK_PAPER}); }}
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
