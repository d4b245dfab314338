"""Decodes what was really sent and compares; imports Keras nowhere at module level."""
