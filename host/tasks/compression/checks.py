"""What export refuses: a decoder that does not fit its encoder. What the device refuses, the bundle's writer does."""

from __future__ import annotations

from device.outputs.codes import LatentGrid
from device.quantization import TensorInfo, same_grid
from host.errors import ExportError


def check_decoder(label: str, latent: TensorInfo, grid: LatentGrid) -> None:
    """Raises ExportError if a decoder's input is not the latent grid: equal for 8 bits, wide enough for 16."""
    if latent.dtype == "int8" and not same_grid(latent.scale, latent.zero_point, grid.scale, grid.zero_point):
        raise ExportError(
            f"{label}: latent input: scale {latent.scale:.9g}, zero point {latent.zero_point}; expected "
            f"{grid.scale:.9g} and {grid.zero_point}; encoder and decoder must share one grid"
        )
    if latent.dtype == "int16" and latent.scale * 32767 < 127 * grid.scale:
        raise ExportError(
            f"{label}: latent input: scale {latent.scale:g} reaches {latent.scale * 32767:g}, "
            f"the latent grid reaches {127 * grid.scale:g}; calibrate with latents that reach its ends"
        )
    if latent.shape != (1, *grid.shape):
        raise ExportError(f"{label}: latent input: shape {latent.shape}, expected {(1, *grid.shape)}")
