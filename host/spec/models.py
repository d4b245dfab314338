"""The folder of models: which models exist, and where their specs are."""

from __future__ import annotations

from pathlib import Path

from host.errors import ModelError

MODELS = Path(__file__).resolve().parents[2] / "models"


def list_models(models: Path = MODELS) -> list[str]:
    """The names below a folder of models, sorted."""
    return sorted(path.parent.name for path in models.glob("*/spec.json"))


def spec_file(model: str | Path, models: Path = MODELS) -> Path:
    """The spec of a model, given by its name, by the path to its folder or by the path to a spec's file.

    Raises:
        ModelError: no such model; the line lists those there are.
    """
    path = Path(model)
    named = models / path / "spec.json" if len(path.parts) == 1 else path
    for file in (named, path / "spec.json", path):
        if file.is_file():
            return file if file.parent.name else file.absolute()
    if len(path.parts) > 1 or path.suffix == ".json":
        raise ModelError(f"{path}: no such model; give a model's name, a folder with a spec.json, or that file")
    raise ModelError(f"{named}: no such model; available: {', '.join(list_models(models)) or 'none'}")
