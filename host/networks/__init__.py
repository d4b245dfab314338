"""Specs become Keras models."""
