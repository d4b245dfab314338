"""Runs of the bench against runs."""
