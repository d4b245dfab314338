"""Okabe and Ito's colours, made for colour-blind readers (https://jfly.uni-koeln.de/color/)."""

from __future__ import annotations

BLUE = "#0072B2"
GREEN = "#009E73"
ORANGE = "#E69F00"
PURPLE = "#CC79A7"
SKY = "#56B4E9"
VERMILION = "#D55E00"

# Grounds and texts of a page, light and dark.
INK, PAPER = "#1b1f24", "#ffffff"
DARK_INK, DARK_PAPER = "#e6e9ec", "#14181c"
