"""models/<name>: its grid, its digest, and what is said where something is missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from host.errors import ModelError
from host.spec.model_folder import ModelFolder
from host.tasks import open_spec


@pytest.fixture
def model(tiny: dict[str, Any], tmp_path: Path) -> ModelFolder:
    """A model that was never trained."""
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "spec.json").write_text(json.dumps(tiny))
    return ModelFolder(open_spec("m", tmp_path)[1])


def test_the_grid_is_the_specs_until_training_chose_another(model: ModelFolder) -> None:
    grid = model.grid((4, 4, 8))
    assert (grid.shape, grid.scale, grid.zero_point) == ((4, 4, 8), 0.015625, 0)
    model.latent.write_text(json.dumps({"format_version": 1, "scale": 0.25, "zero_point": 0}))
    assert model.grid((4, 4, 8)).scale == 0.25


def test_images_are_read_as_they_were_saved(model: ModelFolder) -> None:
    calibration = np.random.default_rng(1).integers(0, 256, (5, 16, 16, 3), np.uint8)
    samples = calibration[:2] ^ 7
    model.save_images(calibration, samples)
    for saved, read in zip((calibration, samples), model.images(), strict=True):
        np.testing.assert_array_equal(saved, read)


def test_what_is_missing_says_which_stage_makes_it(model: ModelFolder) -> None:
    with pytest.raises(ModelError, match=r"images\.npz: missing; make it with `host train m --stage float`"):
        model.images()
    with pytest.raises(ModelError, match=r"tables\.npy: missing; make it with `host train m --stage tables`"):
        model.read_tables()


def test_damaged_images_are_named(model: ModelFolder) -> None:
    pixels = np.zeros((2, 16, 16, 3), np.uint8)
    model.save_images(pixels, pixels)
    path = model.folder / "images.npz"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ModelError, match=r"images\.npz"):
        model.images()


def test_the_digest_is_of_all_that_export_reads_and_of_nothing_else(model: ModelFolder) -> None:
    digests = [model.digest()]
    for name in ("float.weights.h5", "decoder.int8.weights.h5", "tables.npy", "images.npz", "latent.json"):
        (model.folder / name).write_bytes(b"{}")
        digests.append(model.digest())
    assert len(set(digests)) == 6
    (model.folder / "training.json").write_text("{}")
    (model.folder / "notes.txt").write_text("")
    (model.folder / "checkpoints").mkdir()
    assert model.digest() == digests[-1]
