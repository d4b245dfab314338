"""Packages a converted model: checks, the bundle that travels, and the decoders that stay."""
