"""Which kinds of input or output there are: the modules of a folder. One file more is one kind more."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from .errors import BundleError


def find_kind(package: str, folder: Path, kind: str) -> Any:
    """The module of a kind, imported; no other kind's is.

    Args:
        package: full name of the package.
        folder: where its modules are.
        kind: name of the module.

    Raises:
        BundleError: there is none; lists those that there are.
    """
    if kind in _names(folder):
        module = importlib.import_module(f"{package}.{kind}")
        if hasattr(module, "parse"):
            return module
    known = [name for name in _names(folder) if hasattr(importlib.import_module(f"{package}.{name}"), "parse")]
    raise BundleError(f"unknown kind of {folder.name} {kind!r}; known here: {', '.join(known)}; update this splitlite")


def _names(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.iterdir() if path.stem.isidentifier() and not path.stem.startswith("_"))
