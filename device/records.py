"""Frozen dataclasses from JSON and back: one reader checks the names and types of all that travels."""

from __future__ import annotations

import sys
import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from .errors import SplitliteError

T = TypeVar("T")
_UNIONS = (Union, getattr(types, "UnionType", Union))  # Python 3.9 has the first alone
_WORDS = {dict: "object", list: "list", tuple: "list", str: "string", bool: "boolean", int: "integer", float: "number"}
_WORDS[type(None)] = "null"
_LIMIT = 1 << 63  # of integers: numpy has no larger ones
_FLOATS = sys.float_info.max  # not those of hundreds of digits, infinity or NaN
_CURE = "damaged, copy or make it again"


def as_json(value: Any) -> Any:
    """A dataclass, and what it holds, as JSON holds it: what is empty is absent where the reader knows that."""
    if is_dataclass(value):
        pairs = ((each, getattr(value, each.name)) for each in fields(value))
        return {each.name: as_json(part) for each, part in pairs if not (_is_empty(part) and _may_be_absent(each))}
    if isinstance(value, Mapping):
        return {name: as_json(part) for name, part in value.items()}
    if isinstance(value, (tuple, list)):
        return list(value) if value and type(value[0]) in (int, float, str) else [as_json(part) for part in value]
    return value


def _is_empty(value: Any) -> bool:
    return value is None or value == () or value == {}


def _may_be_absent(each: Field[Any]) -> bool:
    return each.default is not MISSING or each.default_factory is not MISSING


def from_json(kind: type[T], value: Any, where: str, error: type[SplitliteError]) -> T:
    """The dataclass `kind` from what `as_json` made of one; more keys may be there.

    Its fields are of plain types, dataclasses, `Optional`, tuples and mappings from str to these, or of Any type.

    Raises:
        error: a key is missing or of another type; names `where` in the file, what was expected and what was found.
    """
    if not isinstance(value, dict):
        raise error(f"{where or 'the file'}: expected object, found {_found(value)}; {_CURE}")
    found = {}
    for each, hint in _hints(kind):  # type: ignore[arg-type]
        place = f"{where}.{each.name}" if where else each.name
        if each.name in value:
            found[each.name] = _read(hint, value[each.name], place, error)
        elif not _may_be_absent(each):
            raise error(f"{place}: missing; {_CURE}")
    return kind(**found)


@cache
def _hints(kind: Any) -> list[tuple[Field[Any], Any]]:
    hints = get_type_hints(kind)
    return [(each, hints[each.name]) for each in fields(kind)]


def _read(kind: Any, value: Any, where: str, error: type[SplitliteError]) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is Any:
        return value
    if origin in _UNIONS:
        if value is None and type(None) in arguments:
            return None
        return _read(next(each for each in arguments if each is not type(None)), value, where, error)
    if is_dataclass(kind):
        return from_json(kind, value, where, error)  # type: ignore[arg-type]
    if origin is tuple and isinstance(value, (list, tuple)):
        if arguments[1:] == (Ellipsis,):
            kinds = arguments[:1] * len(value)
            if arguments[0] is int:  # raw samples come in millions
                for index, part in enumerate(value):
                    if type(part) is not int or not 0 <= part < _LIMIT:
                        raise error(f"{where}[{index}]: expected integer from 0, found {_found(part)}; {_CURE}")
                return tuple(value)
        else:
            kinds = arguments
            if len(kinds) != len(value):
                raise error(f"{where}: expected {len(kinds)} values, found {len(value)}; {_CURE}")
        return tuple(
            _read(each, part, f"{where}[{index}]", error) for index, (each, part) in enumerate(zip(kinds, value))
        )
    if origin is not None and origin is not tuple and isinstance(value, Mapping):
        return {name: _read(arguments[1], part, f"{where}.{name}", error) for name, part in value.items()}
    if kind is float:
        if type(value) in (int, float) and -_FLOATS <= value <= _FLOATS:
            return float(value)
    elif origin is None and isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
        if kind is not int or abs(value) < _LIMIT:
            return value
    expected = _WORDS.get(origin or kind, "object")
    raise error(f"{where}: expected {expected}, found {_found(value)}; {_CURE}")


def _found(value: object) -> str:
    return f"{_WORDS.get(type(value), type(value).__name__)} {value!r:.60}"
