"""Autoencoders for images of one size: a fixed number of codes."""
