"""`--set training.epochs=5`: values that stand in for the spec's, by their JSON path."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from host.errors import SpecError

# Short forms of common paths.
SHORT = {
    "training.epochs": "training.stages.float.epochs",
    "training.learning_rate": "training.stages.float.learning_rate",
    "training.patience": "training.stages.float.patience",
    "latent_dims": "latent.dims",
}
_KEYS = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_PART = re.compile(r"([A-Za-z0-9_-]+)((?:\[\d+\])*)")


def parse_overrides(texts: Iterable[str]) -> dict[str, Any]:
    """`PATH=VALUE` texts by path; a value is JSON, or a text where it is none.

    Raises:
        SpecError: no such form.
    """
    found: dict[str, Any] = {}
    for text in texts:
        path, equals, value = text.partition("=")
        path = path.strip().removeprefix("$.")
        if not equals or not all(_PART.fullmatch(part) for part in path.split(".")):
            raise SpecError(f"--set {text}: expected PATH=VALUE; write it like training.epochs=5")
        try:
            found[SHORT.get(path, path)] = json.loads(value)
        except json.JSONDecodeError:
            found[SHORT.get(path, path)] = value
    return found


def overridden(value: Any, overrides: Mapping[str, Any]) -> Any:
    """A copy of a parsed spec.json with values replaced or added.

    Args:
        overrides: by path, such as `training.stages.float.epochs` or `encoder[0].filters`.

    Raises:
        SpecError: the path leads through something that is no object, or beside a list's end.
    """
    result = copy.deepcopy(value)
    for path, new in overrides.items():
        try:
            _put(result, [int(index) if index else name for name, index in _KEYS.findall(path)], new)
        except LookupError:
            raise SpecError(f"--set {path}: the spec has no such place; the paths are those of its spec.json") from None
    return result


def _put(place: Any, keys: Sequence[str | int], new: Any) -> None:
    key: Any = keys[0]
    if not isinstance(place, dict if isinstance(key, str) else list):
        raise LookupError(key)
    if len(keys) == 1:
        place[key] = new
    else:
        _put(place.setdefault(key, {}) if isinstance(place, dict) else place[key], keys[1:], new)
