"""A package of three small real variants, as a task would make it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import device
from device.files import sha256_bytes
from device.inputs.fixed import Fixed
from device.outputs import TablesFile
from device.outputs.codes import CodesDescription, LatentGrid
from device.outputs.entropy import Tables
from host.packaging.bundle_writer import array_bytes
from host.packaging.package import HomeNetwork, Package, VariantFile

DATA = Path(device.__file__).parent / "tests" / "data"
GRID = LatentGrid(2, 2, 4, 1.0, 0)
HOME = {
    "own": HomeNetwork({"decoder.tflite": b"decoder"}, parameters=3, macs=12),
    "tuned": HomeNetwork({"decoder.tuned.tflite": b"a better decoder"}),
    "full": HomeNetwork({"full.tflite": b"both halves"}),
}
Maker = Callable[..., Package]


def flat_tables(first: int = 128) -> np.ndarray:
    """uint16 (4, 256), sums of 2**15; the first code's frequency is `first`, and the last one's makes up for it."""
    tables = np.full((4, 256), 128, np.uint16)
    tables[:, 0], tables[:, -1] = first, 256 - first
    return tables


@pytest.fixture
def make_package() -> Maker:
    """Makes the package; `tables`, `home` and fields of the package may be others."""

    def make(tables: np.ndarray | None = None, home: Any = HOME, **changes: Any) -> Package:
        frequencies = flat_tables() if tables is None else tables
        content = array_bytes(frequencies)
        output = CodesDescription(GRID, TablesFile("tables.npy", sha256_bytes(content), Tables(frequencies).sha256))
        variants = tuple(
            VariantFile(name, name, (DATA / f"tiny.{name}.tflite").read_bytes(), output, {"tables.npy": content}, home)
            for name in ("float32", "int16x8", "int8")
        )
        samples = np.random.default_rng(3).integers(0, 256, (5, 8, 8, 3), dtype=np.uint8)
        arguments = {"samples": samples, "variants": variants, **changes}
        return Package("tiny", "compression", "5" * 64, "6" * 64, Fixed(8, 8, 3), **arguments)

    return make
