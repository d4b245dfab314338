"""What a compression model keeps beside its weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from host.errors import ModelError
from host.spec.model_folder import ModelFolder
from host.tasks import open_spec
from host.tasks.compression.model_files import keep_scale, latent_grid, read_images, read_tables, save_images


@pytest.fixture
def model(tiny: dict[str, Any], tmp_path: Path) -> ModelFolder:
    """A model that was never trained."""
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "spec.json").write_text(json.dumps(tiny))
    return ModelFolder(open_spec("m", tmp_path)[1])


def test_the_grid_is_the_specs_until_training_chose_another(model: ModelFolder) -> None:
    grid = latent_grid(model, (4, 4, 8))
    assert (grid.shape, grid.scale, grid.zero_point) == ((4, 4, 8), 0.015625, 0)
    keep_scale(model, 0.25)
    assert latent_grid(model, (4, 4, 8)).scale == 0.25
    keep_scale(model, None)
    assert latent_grid(model, (4, 4, 8)).scale == 0.015625


def test_images_are_read_as_they_were_saved(model: ModelFolder) -> None:
    calibration = np.random.default_rng(1).integers(0, 256, (5, 16, 16, 3), np.uint8)
    samples = calibration[:2] ^ 7
    save_images(model, calibration, samples)
    for saved, read in zip((calibration, samples), read_images(model), strict=True):
        np.testing.assert_array_equal(saved, read)


def test_what_is_missing_says_which_stage_makes_it(model: ModelFolder) -> None:
    with pytest.raises(ModelError, match=r"images\.npz: missing; make it with `host train m --stage float`"):
        read_images(model)
    with pytest.raises(ModelError, match=r"tables\.npy: missing; make it with `host train m --stage tables`"):
        read_tables(model)


def test_damaged_images_are_named(model: ModelFolder) -> None:
    pixels = np.zeros((2, 16, 16, 3), np.uint8)
    save_images(model, pixels, pixels)
    path = model.folder / "images.npz"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ModelError, match=r"images\.npz"):
        read_images(model)
