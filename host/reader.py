"""Takes a JSON file apart: what is missing, mistyped or not asked for is one line with the file and the JSON path."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from host.errors import SpecError


class Reader:
    """Takes values out of one JSON object, knows its path, and refuses what nobody asked for."""

    def __init__(self, value: object, path: str, file: Path) -> None:
        self.path, self.file = path, file
        if not isinstance(value, dict):
            raise SpecError(f"{file}: {path or '$'}: expected an object, found {json.dumps(value)}")
        self.value = dict(value)
        self.known: list[str] = []

    def error(self, key: str, message: str) -> SpecError:
        return SpecError(f"{self.file}: {self.path}.{key}: {message}")

    def take(self, key: str, kind: type | tuple[type, ...], *default: Any) -> Any:
        self.known.append(key)
        if key not in self.value:
            if default:
                return default[0]
            raise self.error(key, "missing")
        found = self.value.pop(key)
        kinds = kind if isinstance(kind, tuple) else (kind,)
        if (isinstance(found, bool) and bool not in kinds) or not isinstance(found, kinds):
            names = " or ".join(k.__name__ for k in kinds)
            raise self.error(key, f"expected {names}, found {json.dumps(found)}")
        return found

    def choose(self, key: str, available: tuple[str, ...], *default: Any) -> str:
        found: str = self.take(key, str, *default)
        if found not in available:
            raise self.error(key, f"unknown value {json.dumps(found)}; available: {', '.join(available)}")
        return found

    def number(self, key: str, low: float, high: float, *default: Any) -> Any:
        found = self.take(key, (int, float) if isinstance(low, float) else int, *default)
        if not low <= found <= high:
            raise self.error(key, f"expected {low} to {high}, found {found}")
        return found

    def child(self, key: str, *default: Any) -> Reader:
        return Reader(self.take(key, dict, *default), f"{self.path}.{key}", self.file)

    def done(self) -> None:
        for key in self.value:
            raise self.error(key, f"unknown key; available: {', '.join(sorted(set(self.known)))}")
