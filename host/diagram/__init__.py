"""Drawings of a model's networks as SVG: layers, shapes, the types that a variant computes in, and the split."""
