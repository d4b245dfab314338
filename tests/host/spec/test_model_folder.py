"""models/<name>: its digest, and what is said where something is missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

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


def test_what_is_missing_says_which_stage_makes_it(model: ModelFolder) -> None:
    with pytest.raises(ModelError, match=r"tables\.npy: missing; make it with `host train m --stage tables`"):
        model.made("tables.npy", "tables")


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
