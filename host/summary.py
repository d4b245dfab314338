"""What `host summary` prints."""

from __future__ import annotations

from host.networks.builder import build
from host.spec import Spec


def summarize(spec: Spec) -> str:
    """Keras' summary of both halves, then parameters and the bottleneck, nominal sizes in bytes."""
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
    lines.append(
        f"bottleneck: {height}x{width}x{channels} = {codes} codes of 8 bits; "
        f"nominal ratio {original / codes:g}:1 to {original} bytes of image"
    )
    return "\n".join(lines)
