"""The coder in C on the tables of every committed codec and quality: numpy's bytes, and the decoder gives the codes."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from device.outputs.context_codes.coder import ContextCoder
from device.outputs.context_codes.tables import ContextTables, parse_context_tables
from device.outputs.native import Library
from device.outputs.native.build import build
from host.tasks.codec.context_decoder import decode

MODELS = Path(__file__).resolve().parents[4] / "models"
TABLES = sorted(MODELS.glob("*/tables.q*.npy"))

pytestmark = pytest.mark.skipif(not shutil.which("cc"), reason="there is no C compiler")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        return build()[0]


def photograph_like(shape: tuple[int, int, int], spread: float, generator: np.random.Generator) -> np.ndarray:
    """Codes that vary slowly and differ from region to region, ever smaller from channel to channel."""
    rows, columns, channels = shape
    activity = np.kron(generator.random((rows // 8 + 1, columns // 8 + 1)) ** 4, np.ones((8, 8)))[:rows, :columns, None]
    fall = spread / (1 + np.arange(channels)) ** 0.7
    noise = generator.laplace(size=shape) * activity * fall
    smooth = np.cumsum(generator.normal(size=(rows, columns, 1)), axis=1) * (np.arange(channels) < 3)
    return np.clip(np.rint(noise + smooth), -128, 127).astype(np.int8)


def check(tables: ContextTables, codes: np.ndarray, library: Library) -> None:
    coder = ContextCoder(tables, codes.shape)
    payload = ContextCoder(tables, codes.shape, library).encode(codes)
    assert payload == coder.encode(codes)
    np.testing.assert_array_equal(decode(payload, coder), codes)


@pytest.mark.parametrize("path", TABLES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_quality_has_the_same_bytes(path: Path, library: Library) -> None:
    tables = parse_context_tables(path.read_bytes(), path)
    generator = np.random.default_rng(61)
    for blocks in ((1, 1), (1, 7), (9, 2), (32, 48), (70, 51)):
        for spread in (1.0, 30.0):
            check(tables, photograph_like((*blocks, tables.channels), spread, generator), library)
    check(tables, generator.integers(-128, 128, (5, 6, tables.channels)).astype(np.int8), library)


def test_there_are_tables_of_two_codecs() -> None:
    assert len({path.parent for path in TABLES}) >= 2
