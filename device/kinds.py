"""Which kinds of input or output there are: a package's modules with a `parse`. One file more, one kind more."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

from .errors import BundleError


def find_kind(package: ModuleType, kind: str) -> Any:
    """The module `kind` of a package; no other kind is imported; raises BundleError that lists the known ones."""
    if kind in _names(package):
        module = importlib.import_module(f"{package.__name__}.{kind}")
        if hasattr(module, "parse"):
            return module
    modules = {name: importlib.import_module(f"{package.__name__}.{name}") for name in _names(package)}
    known = ", ".join(name for name, module in modules.items() if hasattr(module, "parse"))
    raise BundleError(f"unknown kind {kind!r} of {package.__name__}; known here: {known}; update this splitlite")


def parse_kind(package: ModuleType, value: Any, where: str) -> Any:
    """What the module that `value["kind"]` names makes of `value`, an object of JSON; raises BundleError."""
    if not isinstance(value, dict) or not isinstance(value.get("kind"), str):
        raise BundleError(f"{where}.kind: missing; damaged, copy or make it again")
    return find_kind(package, value["kind"]).parse(value, where)


def _names(package: ModuleType) -> list[str]:
    names = {path.stem for folder in package.__path__ for path in Path(folder).iterdir()}
    return sorted(name for name in names if name.isidentifier() and not name.startswith("_"))
