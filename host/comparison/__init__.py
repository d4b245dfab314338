"""Compares runs of the bench."""
