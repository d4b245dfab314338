"""`--set training.epochs=5`: values that stand in for the spec's, by their JSON path."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from host.errors import SpecError

# Short forms of common paths.
SHORT = {
    "training.epochs": "training.stages.float.epochs",
    "training.learning_rate": "training.stages.float.learning_rate",
    "training.patience": "training.stages.float.patience",
    "latent_dims": "latent.dims",
}
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
        overrides: by path, such as `training.float.epochs` or `encoder[0].filters`.

    Raises:
        SpecError: the path leads through something that is no object, or beside a list's end.
    """
    result = copy.deepcopy(value)
    for path, new in overrides.items():
        keys: list[Any] = []
        for part in path.split("."):
            name, indices = part.split("[", 1) if "[" in part else (part, "")
            keys += [name, *(int(index) for index in re.findall(r"\d+", indices))]
        place = result
        for depth, key in enumerate(keys):
            last = depth == len(keys) - 1
            if isinstance(key, str) and isinstance(place, dict):
                if last:
                    place[key] = new
                else:
                    place = place.setdefault(key, {})
            elif isinstance(key, int) and isinstance(place, list) and key < len(place):
                if last:
                    place[key] = new
                else:
                    place = place[key]
            else:
                raise SpecError(f"--set {path}: the spec has no such place; the paths are those of its spec.json")
    return result
