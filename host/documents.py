"""JSON files that hold one dataclass and the version of their format."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from device.errors import SplitliteError
from device.files import check_version, read_json
from device.records import from_json

T = TypeVar("T")


def read_versioned(kind: type[T], path: Path, version: int, words: str, error: type[SplitliteError]) -> T:
    """A file's dataclass, as `device.records.as_json` made it, beside "format_version".

    Args:
        version: of the format.
        words: what such a file is called.

    Raises:
        error: missing, damaged or of another version.
    """
    value = read_json(path, error)
    found = value.get("format_version") if isinstance(value, dict) else None
    check_version(found, version, words, path, error)
    return from_json(kind, value, str(path), error)
