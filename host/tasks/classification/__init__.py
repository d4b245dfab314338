"""Classifiers: the device sends a score for each class, the host counts the right ones."""
