"""The folder of models: which models exist, where their specs are, and how a new one starts."""

from __future__ import annotations

from pathlib import Path

from device.files import NAME, write_bytes
from host.errors import ModelError
from host.spec.reader import offer

MODELS = Path(__file__).resolve().parents[2] / "models"
TEMPLATES = Path(__file__).resolve().parent / "templates"


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


def templates(models: Path = MODELS) -> dict[str, Path]:
    """What a model may start from, by name: the templates, then the models."""
    found = {path.stem: path for path in sorted(TEMPLATES.glob("*.json"))}
    return found | {name: models / name / "spec.json" for name in list_models(models)}


def new(name: str, template: str, models: Path = MODELS) -> Path:
    """Writes models/<name>/spec.json, a copy of a template.

    Raises:
        ModelError: a name that can be no file's, one that is taken, no such template.
    """
    if not NAME.fullmatch(name):
        raise ModelError(
            f"{name!r} cannot be a model's name: it becomes file names; use letters, digits, dots, dashes, underscores"
        )
    available = templates(models)
    if template not in available:
        raise ModelError(f"no template {template!r}; {offer(template, available)}")
    file = models / name / "spec.json"
    if file.parent.exists():
        raise ModelError(f"{file.parent}: exists already; choose another name, or remove it first")
    write_bytes(file, available[template].read_bytes())
    return file
