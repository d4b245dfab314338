"""Codes of images of any size, coded by context (coder id 1)."""
