"""The few images beside a model's weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from host.data.kept_images import ModelImages, read_images, save_images
from host.errors import ModelError
from host.spec.model_folder import ModelFolder
from host.tasks import open_spec

PIXELS = np.random.default_rng(1).integers(0, 256, (5, 16, 16, 3), np.uint8)


@pytest.fixture
def model(tiny: dict[str, Any], tmp_path: Path) -> ModelFolder:
    """A model that was never trained."""
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "spec.json").write_text(json.dumps(tiny))
    return ModelFolder(open_spec("m", tmp_path)[1])


@pytest.mark.parametrize("labels", [None, np.array([3, 1])])
def test_images_are_read_as_they_were_saved(model: ModelFolder, labels: np.ndarray | None) -> None:
    save_images(model, ModelImages(PIXELS, PIXELS[:2] ^ 7, labels))
    read = read_images(model)
    np.testing.assert_array_equal(read.calibration, PIXELS)
    np.testing.assert_array_equal(read.samples, PIXELS[:2] ^ 7)
    assert (read.labels is None) if labels is None else read.labels.tolist() == [3, 1]  # type: ignore[union-attr]


def test_missing_images_name_the_stage_that_makes_them(model: ModelFolder) -> None:
    with pytest.raises(ModelError, match=r"images\.npz: missing; make it with `host train m --stage float`"):
        read_images(model)


def test_damaged_images_are_named(model: ModelFolder) -> None:
    save_images(model, ModelImages(PIXELS, PIXELS))
    path = model.folder / "images.npz"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ModelError, match=r"images\.npz"):
        read_images(model)
