"""What a compression model keeps beside its weights and images: the latent's scale, entropy tables."""

from __future__ import annotations

from device.errors import BundleError
from device.files import read_bytes, read_json, write_json
from device.outputs.codes import LatentGrid
from device.outputs.entropy import Tables, parse_tables
from host.errors import ModelError
from host.spec.model_folder import ModelFolder

TABLES = "tables.npy"
_LATENT = "latent.json"


def read_tables(model: ModelFolder) -> Tables:
    """The entropy tables of all variants."""
    path = model.made(TABLES, "tables")
    return parse_tables(read_bytes(path, BundleError), path)


def latent_grid(model: ModelFolder, latent_shape: tuple[int, ...]) -> LatentGrid:
    """The model's one latent grid; zero point 0, so that a code is the rounded latent in units of the scale.

    Args:
        latent_shape: (height, width, channels).
    """
    height, width, channels = latent_shape
    file = model.folder / _LATENT
    scale = read_json(file, ModelError)["scale"] if file.is_file() else model.spec.options.scale
    return LatentGrid(height, width, channels, scale, 0)


def keep_scale(model: ModelFolder, scale: float | None) -> None:
    """Keeps the scale that the stage float chose; None is the spec's."""
    if scale is None:
        (model.folder / _LATENT).unlink(missing_ok=True)
    else:
        write_json(model.folder / _LATENT, {"format_version": 1, "scale": scale, "zero_point": 0})
