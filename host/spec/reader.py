"""Reads values from a JSON file. A missing, mistyped or unknown value is one line with the file and the JSON path."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from host.errors import SpecError
from host.spec.fields import ABSENT, LATENT_DIMS, REQUIRED, Field


class Reader:
    """Reads the values of one JSON object, knows its path, and refuses unknown keys.

    Attributes:
        sizes: numbers that a value may name instead: `latent_dims`.
    """

    def __init__(self, value: object, path: str, file: Path, sizes: Mapping[str, int] | None = None) -> None:
        self.path, self.file = path, file
        self.sizes = sizes or {}
        if not isinstance(value, dict):
            raise SpecError(f"{file}: {path or '$'}: expected an object, found {_shown(value)}; write it in braces")
        self.value = dict(value)
        self.known: list[str] = []

    def error(self, key: str, message: str) -> SpecError:
        return SpecError(f"{self.file}: {self.path}.{key}: {message}")

    def take(self, key: str, kind: type | tuple[type, ...], *default: Any) -> Any:
        kinds = kind if isinstance(kind, tuple) else (kind,)
        return self.field(key, Field(kinds, default[0] if default else REQUIRED))

    def choose(self, key: str, available: tuple[str, ...], *default: Any) -> str:
        found: str = self.field(key, Field((str,), default[0] if default else REQUIRED, choices=available))
        return found

    def child(self, key: str, *default: Any) -> Reader:
        return Reader(self.take(key, dict, *default), f"{self.path}.{key}", self.file, self.sizes)

    def field(self, key: str, field: Field) -> Any:
        """A value by what it may be; its default, or ABSENT, where it is not given."""
        self.known.append(key)
        if key not in self.value:
            if field.default is REQUIRED:
                raise self.error(key, f"missing; give {field.wanted()}")
            return field.default
        return self._checked(key, self.value.pop(key), field)

    def fields(self, table: Mapping[str, Field]) -> dict[str, Any]:
        """The values of a table without those that are ABSENT; what nobody asked for is said first."""
        self.known.extend(table)
        found = {key: self._checked(key, self.value.pop(key), table[key]) for key in table if key in self.value}
        self.done()  # before what is missing: a misspelt key is both
        values = {key: found[key] if key in found else self.field(key, field) for key, field in table.items()}
        return {key: value for key, value in values.items() if value is not ABSENT}

    def done(self) -> None:
        for key in self.value:
            raise self.error(key, f"unknown key; {offer(key, sorted(set(self.known)))}")

    def _checked(self, key: str, found: Any, field: Field) -> Any:
        if field.named and found == LATENT_DIMS:
            if LATENT_DIMS not in self.sizes:
                raise self.error(key, f"{LATENT_DIMS} has no value; write $.latent.dims or give --latent-dims")
            found = self.sizes[LATENT_DIMS]
        if (isinstance(found, bool) and bool not in field.kinds) or not isinstance(found, field.kinds):
            names = " or ".join(kind.__name__ for kind in field.kinds)
            raise self.error(key, f"expected {names}, found {_shown(found)}; give {field.wanted()}")
        if isinstance(found, str) and field.choices and found not in field.choices:
            raise self.error(key, f"unknown value {_shown(found)}; {offer(found, field.choices)}")
        if isinstance(found, (int, float)) and not isinstance(found, bool):
            low, high = field.low, field.high
            if not (low is None or found >= low) or not (high is None or found <= high):
                span = f"{low} to {high}" if low is not None and high is not None else field.wanted()
                raise self.error(key, f"expected {span}, found {found}; give a value in this range")
        if isinstance(found, list):
            if field.lengths and len(found) not in field.lengths:
                raise self.error(key, f"expected {field.wanted()}, found {len(found)}; give that many")
            if field.items is not None:
                return [self._checked(f"{key}[{index}]", entry, field.items) for index, entry in enumerate(found)]
        return found


def offer(found: str, available: Iterable[str]) -> str:
    """The available names, with the one that was probably meant."""
    names = list(available)
    near = difflib.get_close_matches(found, names, 1)
    return (f"did you mean {near[0]}? " if near else "") + f"available: {', '.join(names)}"


def _shown(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."
