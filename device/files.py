"""Atomic writes, one form of JSON, digests, and checks of format versions."""

from __future__ import annotations

import importlib
import json
import os
import re
from pathlib import Path
from typing import Any

from .errors import SplitliteError

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,149}")  # what may name a model, a variant, a run or their files


def write_bytes(path: Path, data: bytes) -> None:
    """Writes a whole file atomically: a reader sees the old one or the new one, never a part. Makes its folder."""
    path = Path(path)
    # Same folder, because os.replace is atomic only within one file system.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with open(temporary, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Makes the names in `folder` survive a power cut, as fsync does for a file's content."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def json_bytes(value: Any) -> bytes:
    """The one form in which JSON is written: sorted keys, indent 1, newline at the end; raises ValueError for NaN."""
    return (json.dumps(value, indent=1, sort_keys=True, allow_nan=False, ensure_ascii=False) + "\n").encode()


def canonical_json(value: Any) -> bytes:
    """JSON in one form only (sorted keys, no spaces, ASCII), for digests."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def digest_tag(parts: Any) -> str:
    """The first 8 hexadecimal digits of the digest of what JSON can hold: what a bitstream carries."""
    return sha256_bytes(canonical_json(parts))[:8]


def write_json(path: Path, value: Any) -> None:
    """Writes `value` as JSON, atomically; see `json_bytes`."""
    write_bytes(path, json_bytes(value))


def read_json(path: Path, error: type[SplitliteError] = SplitliteError) -> Any:
    """Reads a JSON file; raises `error` where it is missing, unreadable or not JSON."""
    return parse_json(read_bytes(path, error), path, error)


def parse_json(data: bytes, path: Path, error: type[SplitliteError] = SplitliteError) -> Any:
    """Parses the bytes of the JSON file `path`; raises `error` where they are not JSON."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as reason:
        raise error(f"{path}: not valid JSON ({reason}); the file is damaged, copy or make it again") from None


def plain_name(name: str, where: str, error: type[SplitliteError]) -> str:
    """`name`, if it can name a file and stays where it is joined to a path, see `NAME`; raises `error` with `where`."""
    if not NAME.fullmatch(name):
        raise error(f"{where}: {name!r:.120} cannot name a file; use letters, digits, '-', '_' and '.'")
    return name


def read_bytes(path: Path, error: type[SplitliteError] = SplitliteError) -> bytes:
    """Reads a whole file; raises `error` with its path if it is missing or unreadable."""
    try:
        return Path(path).read_bytes()
    except OSError as reason:
        raise error(f"{path}: cannot be read ({reason.strerror})") from None


def sha256_bytes(data: bytes) -> str:
    """SHA-256 of `data`, 64 hexadecimal digits."""
    # hashlib's comes with OpenSSL: 3.6 MB of memory in every worker. Python has one of its own, by two names.
    for module in ("_sha2", "_sha256", "hashlib"):
        try:
            return str(importlib.import_module(module).sha256(data).hexdigest())
        except ImportError:
            continue
    raise ImportError("this Python has no SHA-256")


def check_version(found: Any, supported: int, what: str, path: object, error: type[SplitliteError]) -> int:
    """`found`, the format version that a file says it has; raises `error` where it is missing, newer or older.

    Args:
        supported: the newest that this code reads; it reads all before.
        what, path: such as "bundle", and where it was read, for the message.
    """
    if not isinstance(found, int) or isinstance(found, bool):
        raise error(f"{path}: no format version, expected {supported}; this is not a {what} or it is damaged")
    if found > supported:
        raise error(
            f"{path}: {what} version {found} is newer than {supported}, the newest read here; update this splitlite"
        )
    if found < 1:
        raise error(f"{path}: {what} version {found} is older than 1, the oldest read here; make it again")
    return found
