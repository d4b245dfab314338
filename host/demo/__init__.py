"""The local web page: one image through a model, beside JPEG at the same bytes."""
