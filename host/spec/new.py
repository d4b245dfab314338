"""Starts a model: a folder with a spec.json to change."""

from __future__ import annotations

from pathlib import Path

from device.files import NAME, write_bytes
from host.errors import ModelError
from host.spec.models import MODELS, list_models
from host.spec.reader import offer

TEMPLATES = Path(__file__).resolve().parent / "templates"


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
