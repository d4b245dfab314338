"""Rate against distortion: Bjontegaard rates, published curves, other codecs."""
