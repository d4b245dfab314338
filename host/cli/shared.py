"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


def models_option(command: Any) -> Any:
    return click.option(
        "--models",
        type=click.Path(file_okay=False, path_type=Path),
        hidden=True,
        help="Folder of the models, instead of models/.",
    )(command)


def models_folder(folder: Path | None) -> Path:
    from host.spec.models import MODELS

    return folder or MODELS


def model_names(names: tuple[str, ...], folder: Path) -> list[str]:
    from host.spec.models import list_models

    return list(names) or list_models(folder)


def bundle_option(command: Any) -> Any:
    text = "Only this bundle, a name or a folder; repeat for several.  [default: all in device/bundles]"
    return click.option("--bundle", "bundles", multiple=True, metavar="NAME", help=text)(command)


def data_dir_option(command: Any) -> Any:
    return click.option(
        "--data-dir",
        type=click.Path(file_okay=False, path_type=Path),
        help="Local folder of data sets.  [default: SPLITLITE_DATA, else Keras downloads]",
    )(command)
