"""What a compression model keeps beside its weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from host.errors import ModelError
from host.spec.model_folder import ModelFolder
from host.tasks import open_spec
from host.tasks.compression.model_files import keep_scale, latent_grid, read_tables


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


def test_what_is_missing_says_which_stage_makes_it(model: ModelFolder) -> None:
    with pytest.raises(ModelError, match=r"tables\.npy: missing; make it with `host train m --stage tables`"):
        read_tables(model)
