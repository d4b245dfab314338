"""What export refuses: halves that do not fit each other, an image input that is no plain uint8 image."""

from __future__ import annotations

from device.outputs.codes import LatentGrid
from device.quantization import TensorInfo, same_grid
from host.errors import ExportError

PIXEL_SCALE, PIXEL_ZERO_POINT = 1 / 255, -128


def check_encoder(label: str, source: TensorInfo, latent: TensorInfo, grid: LatentGrid) -> None:
    """Raises ExportError if an 8-bit image is not scale 1/255, zero point -128, or the latent not the grid."""
    if source.dtype == "int8":
        _fit(
            f"{label}: image input",
            source,
            PIXEL_SCALE,
            PIXEL_ZERO_POINT,
            "the calibration images must reach black and white",
        )
    if latent.dtype == "int8":
        _fit(
            f"{label}: latent output",
            latent,
            grid.scale,
            grid.zero_point,
            "the encoder's last layer must end on the grid",
        )
    _shape(f"{label}: latent output", latent, grid)


def check_decoder(label: str, latent: TensorInfo, grid: LatentGrid) -> None:
    """Raises ExportError if a decoder does not read the latent grid: equal for 8 bits, wide enough for 16."""
    if latent.dtype == "int8":
        _fit(f"{label}: latent input", latent, grid.scale, grid.zero_point, "encoder and decoder must share one grid")
    if latent.dtype == "int16" and latent.scale * 32767 < 127 * grid.scale:
        raise ExportError(
            f"{label}: latent input: scale {latent.scale:g} reaches {latent.scale * 32767:g}, "
            f"the latent grid reaches {127 * grid.scale:g}; calibrate with latents that reach its ends"
        )
    _shape(f"{label}: latent input", latent, grid)


def _fit(label: str, found: TensorInfo, scale: float, zero_point: int, cure: str) -> None:
    if not same_grid(found.scale, found.zero_point, scale, zero_point):
        raise ExportError(
            f"{label}: scale {found.scale:.9g}, zero point {found.zero_point}; "
            f"expected {scale:.9g} and {zero_point}; {cure}"
        )


def _shape(label: str, found: TensorInfo, grid: LatentGrid) -> None:
    if found.shape != (1, *grid.shape):
        raise ExportError(f"{label}: shape {found.shape}, expected {(1, *grid.shape)}")
