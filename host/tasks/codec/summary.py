"""What `host summary` prints of a codec."""

from __future__ import annotations

from host.tasks.codec.networks import build_codec, operations_per_pixel
from host.tasks.codec.spec import CodecSpec


def summarize_codec(spec: CodecSpec) -> str:
    """Keras' summary of both halves, then parameters, operations, the latent and the qualities."""
    codec = build_codec(spec)
    lines: list[str] = []
    for model in (codec.encoder, codec.decoder):
        model.summary(print_fn=lines.append, line_length=79)
    grid = spec.grid
    lines.append(
        f"parameters: encoder {codec.encoder.count_params():,}, decoder {codec.decoder.count_params():,}; encoder "
        f"{operations_per_pixel(codec.encoder, grid.block):,.0f} multiply-accumulates per pixel"
    )
    lines.append(
        f"latent: {codec.channels} codes a block of {grid.block}x{grid.block}, {grid.plain} of them plain, the others "
        f"with a dead zone of {grid.dead_zone:g} steps; it reads {grid.before} pixels before its blocks and "
        f"{grid.after} after them"
    )
    lines.append("qualities: " + ", ".join(f"step {q.step:g} (lmbda {q.lmbda:g})" for q in spec.qualities))
    return "\n".join(lines)
