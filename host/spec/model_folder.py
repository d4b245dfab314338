"""models/<name>: what training leaves there and everything later reads."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from device.errors import BundleError, one_line
from device.files import read_bytes, read_json, sha256_bytes, write_bytes
from device.outputs.codes import LatentGrid
from device.outputs.entropy import Tables, parse_tables
from host.errors import ModelError
from host.spec.types import Spec


@dataclass(frozen=True)
class ModelFolder:
    """Paths below models/<name>/."""

    spec: Spec

    @property
    def folder(self) -> Path:
        return self.spec.folder

    @property
    def checkpoints(self) -> Path:
        """Not committed: what an interrupted training resumes from."""
        return self.folder / "checkpoints"

    @property
    def training(self) -> Path:
        return self.folder / "training.json"

    @property
    def tables(self) -> Path:
        return self.folder / "tables.npy"

    def weights(self, name: str) -> Path:
        """`float`, `qat`, or `decoder.<variant>`."""
        return self.folder / f"{name}.weights.h5"

    def images(self) -> tuple[np.ndarray, np.ndarray]:
        """(calibration, samples), uint8 (count, height, width, channels): of the training and of the test split."""
        path = self.folder / "images.npz"
        self._need(path, "float")
        try:
            with np.load(path, allow_pickle=False) as arrays:
                return arrays["calibration"], arrays["samples"]
        except (BadZipFile, ValueError, KeyError, EOFError) as error:
            raise ModelError(f"{path}: damaged ({one_line(error)}); restore it or train again") from None

    def save_images(self, calibration: np.ndarray, samples: np.ndarray) -> None:
        buffer = io.BytesIO()
        np.savez_compressed(buffer, calibration=calibration, samples=samples)
        write_bytes(self.folder / "images.npz", buffer.getvalue())

    def read_tables(self) -> Tables:
        self._need(self.tables, "tables")
        return parse_tables(read_bytes(self.tables, BundleError), self.tables)

    def grid(self, latent_shape: tuple[int, ...]) -> LatentGrid:
        """The model's one latent grid; zero point 0, so that a code is the rounded latent in units of the scale.

        Args:
            latent_shape: (height, width, channels).
        """
        height, width, channels = latent_shape
        scale = read_json(self.latent, ModelError)["scale"] if self.latent.is_file() else self.spec.options.scale
        return LatentGrid(height, width, channels, scale, 0)

    @property
    def latent(self) -> Path:
        """The scale that the stage float chose; not there where the spec's is kept."""
        return self.folder / "latent.json"

    def digest(self) -> str:
        """sha256 of all that export reads: the spec, the weights, the tables, the images."""
        return model_digest(self.folder, self.spec.digest)

    def _need(self, path: Path, stage: str) -> None:
        if not path.is_file():
            raise ModelError(f"{path}: missing; make it with `host train {self.spec.name} --stage {stage}`")


def model_digest(folder: Path, spec_digest: str) -> str:
    """sha256 of a spec's digest and of the weights, tables and images that lie beside it."""
    parts = [f"spec {spec_digest}"]
    parts += [
        f"{path.name} {sha256_bytes(path.read_bytes())}"
        for path in sorted(folder.iterdir())
        if path.suffix in (".h5", ".npy", ".npz") or path.name == "latent.json"
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
