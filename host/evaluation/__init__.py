"""Decodes what devices sent and judges it. No module imports Keras at its top level."""
