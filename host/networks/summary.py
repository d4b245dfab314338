"""What `host summary` prints."""

from __future__ import annotations

from math import prod

import tf_keras as keras

from host.networks.builder import build
from host.spec.parsing import Spec


def summarize(spec: Spec) -> str:
    """Keras' summary of both halves, then parameters, multiply-accumulates and the bottleneck."""
    encoder, decoder = build(spec)
    lines: list[str] = []
    for model in (encoder, decoder):
        model.summary(print_fn=lines.append, line_length=79)
    lines.append(
        f"parameters: encoder {encoder.count_params():,}, decoder {decoder.count_params():,}, "
        f"together {encoder.count_params() + decoder.count_params():,}"
    )
    macs = [network_macs(model) for model in (encoder, decoder)]
    lines.append(f"multiply-accumulates of an image: encoder {macs[0]:,}, decoder {macs[1]:,}, together {sum(macs):,}")
    lines.append(bottleneck_line(spec, encoder))
    return "\n".join(lines)


def bottleneck_line(spec: Spec, encoder: keras.Model) -> str:
    """What the latent holds."""
    height, width, channels = encoder.output_shape[1:]
    codes = height * width * channels
    original = prod(spec.data.image_shape)
    return (
        f"bottleneck: {height}x{width}x{channels} = {codes} codes of 8 bits; "
        f"nominal ratio {original / codes:g}:1 to {original} bytes of image"
    )


def network_macs(model: keras.Model) -> int:
    """Multiply-accumulates of one image, as packaging/network_file.py counts them in the exported file."""
    return sum(layer_macs(layer) for layer in model.layers)


def layer_macs(layer: keras.layers.Layer) -> int:
    """Multiply-accumulates of one layer; only convolutions and dense layers have any."""
    if not isinstance(layer, (keras.layers.Conv2D, keras.layers.DepthwiseConv2D, keras.layers.Dense)):
        return 0
    # Every weight of the kernel meets each place of the output once; transposed, each place of the input.
    transposed = isinstance(layer, keras.layers.Conv2DTranspose)
    places = (layer.input_shape if transposed else layer.output_shape)[1:-1]
    return prod(places) * prod(layer.weights[0].shape)
