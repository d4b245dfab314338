"""models/<name>: what training leaves there and everything later reads."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from device.files import sha256_bytes
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

    def weights(self, name: str) -> Path:
        """Of a stage, or of `decoder.<variant>`."""
        return self.folder / f"{name}.weights.h5"

    def made(self, name: str, stage: str) -> Path:
        """A file that a stage makes; raises ModelError, which names the stage, where it is missing."""
        path = self.folder / name
        if not path.is_file():
            raise ModelError(f"{path}: missing; make it with `host train {self.spec.name} --stage {stage}`")
        return path

    def digest(self) -> str:
        """sha256 of all that export reads: the spec, and the weights, tables and images beside it."""
        parts = [f"spec {self.spec.digest}"]
        parts += [
            f"{path.name} {sha256_bytes(path.read_bytes())}"
            for path in sorted(self.folder.iterdir())
            if path.suffix in (".h5", ".json", ".npy", ".npz") and path.name not in ("spec.json", "training.json")
        ]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()
