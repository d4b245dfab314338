"""What `host summary` prints."""

from __future__ import annotations

from math import prod

import tf_keras as keras

from host.networks.builder import build
from host.spec import Spec


def summarize(spec: Spec) -> str:
    """Keras' summary of both halves, then parameters, multiply-accumulates and the bottleneck."""
    encoder, decoder = build(spec)
    lines: list[str] = []
    for model in (encoder, decoder):
        model.summary(print_fn=lines.append, line_length=79)
    height, width, channels = encoder.output_shape[1:]
    codes = height * width * channels
    rows, columns, samples = spec.data.image_shape
    original = rows * columns * samples
    lines.append(
        f"parameters: encoder {encoder.count_params():,}, decoder {decoder.count_params():,}, "
        f"together {encoder.count_params() + decoder.count_params():,}"
    )
    macs = [network_macs(model) for model in (encoder, decoder)]
    lines.append(f"multiply-accumulates of an image: encoder {macs[0]:,}, decoder {macs[1]:,}, together {sum(macs):,}")
    lines.append(
        f"bottleneck: {height}x{width}x{channels} = {codes} codes of 8 bits; "
        f"nominal ratio {original / codes:g}:1 to {original} bytes of image"
    )
    return "\n".join(lines)


def network_macs(model: keras.Model) -> int:
    """Multiply-accumulates of one image, as packaging/costs.py counts them in the exported file."""
    total = 0
    for layer in model.layers:
        if layer.weights:
            # Every weight of the kernel meets each place of the output once; transposed, each place of the input.
            transposed = isinstance(layer, keras.layers.Conv2DTranspose)
            places = (layer.input_shape if transposed else layer.output_shape)[1:-1]
            total += prod(places) * prod(layer.weights[0].shape)
    return total
