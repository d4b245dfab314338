"""The entropy encoders in C, where they are built: the same bytes as numpy's, in less time.

`python -m device build` compiles coder.c (see build.py). The library lies in the user's cache folder, not beside its
source: it survives a new copy of device/, it is never copied to a machine of another kind, and device/ may be
read-only. It is named after the digest of its source, so that another version's is not found. It is loaded only where
nobody else could have written it and its digest is the recorded one.

The environment variable SPLITLITE_CODER chooses: "numpy", or "c", which is an error where there is no library. Without
it the library is used where there is one, and numpy where there is none or it is refused.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ...errors import CoderError, one_line
from ...files import sha256_bytes

VARIABLE = "SPLITLITE_CODER"
CODERS = ("c", "numpy")
SOURCE = Path(__file__).resolve().parent / "coder.c"
FLAGS = ("-O3", "-std=c99", "-fPIC", "-shared")
_DIGITS = 16  # of the source's digest in the library's name
_BUILD = "python -m device build"


@dataclass(frozen=True)
class Library:
    """The library, loaded: `functions` is a ctypes.CDLL."""

    path: Path
    sha256: str
    functions: Any

    @property
    def name(self) -> str:
        """Such as "c 1a2b3c4d": another compiler or processor makes another library."""
        return f"c {self.sha256[:8]}"


def load() -> Library | None:
    """The library to encode with; None for numpy.

    Raises:
        CoderError: SPLITLITE_CODER is neither, or it is "c" and there is no library that can be used.
    """
    choice = os.environ.get(VARIABLE) or ""
    if choice not in ("", *CODERS):
        raise CoderError(f"{VARIABLE} is {choice!r:.80}, expected {' or '.join(CODERS)}")
    if choice == "numpy":
        return None
    try:
        path = library_path()
        if choice or path.exists():
            return open_library(path)
    except CoderError:
        if choice:
            raise
    except OSError:  # a folder that cannot be looked into
        pass
    return None


def coder_name() -> str | None:
    """The coder that encodes: "c " and 8 digits of the library's digest, or "numpy"; None where `load` raises."""
    try:
        library = load()
    except CoderError:
        return None
    return library.name if library else "numpy"


def refusal() -> str | None:
    """Why a library that is there or that SPLITLITE_CODER asks for is not used, in one line; else None."""
    try:
        library = load()
    except CoderError as reason:
        return str(reason)
    try:
        if library is None and not os.environ.get(VARIABLE) and library_path().exists():
            open_library(library_path())
    except (CoderError, OSError) as reason:
        return f"{reason}; until then numpy encodes, with the same bytes"
    return None


def library_path() -> Path:
    """Where the library of this source lies for this machine, whether it is there or not; raises CoderError."""
    if os.name != "posix":
        raise CoderError("the C coder needs Linux or another POSIX system")
    try:
        digest = sha256_bytes(SOURCE.read_bytes() + " ".join(FLAGS).encode("ascii"))
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except OSError as reason:
        raise CoderError(f"{SOURCE}: cannot be read ({reason.strerror}); copy device/ again") from None
    except RuntimeError:
        raise CoderError("there is no home folder for the C coder; set XDG_CACHE_HOME") from None
    # A 32-bit system on a 64-bit kernel has the kernel's machine.
    machine = f"{os.uname().machine}-{64 if sys.maxsize >> 32 else 32}"
    return cache / "splitlite" / "coder" / f"coder-{digest[:_DIGITS]}-{machine}.so"


def record_path(path: Path) -> Path:
    """The file beside a library that records its digest."""
    return path.with_suffix(".json")


def open_library(path: Path) -> Library:
    """Checks and loads the library `path`; raises CoderError where it is missing, damaged or someone else's."""
    try:
        status, folder = os.lstat(path), os.lstat(path.parent)
        for each in (status, folder):
            if each.st_uid not in (0, os.geteuid()) or each.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                raise CoderError(f"{path}: the C coder is not loaded, because others can write it; {_BUILD}")
        if not stat.S_ISREG(status.st_mode) or not stat.S_ISDIR(folder.st_mode):
            raise CoderError(f"{path}: the C coder is not loaded, because it is no plain file; {_BUILD}")
        return _open(path, status.st_mtime_ns, status.st_size)
    except FileNotFoundError:
        raise CoderError(f"the C coder is not built; {_BUILD}") from None
    except OSError as reason:
        raise CoderError(f"{path}: the C coder cannot be loaded ({one_line(reason, 120)}); {_BUILD}") from None


@lru_cache(maxsize=4)
def _open(path: Path, mtime_ns: int, size: int) -> Library:
    digest = sha256_bytes(path.read_bytes())
    try:
        recorded = json.loads(record_path(path).read_bytes())["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        recorded = None
    if digest != recorded:
        raise CoderError(f"{path}: the C coder is damaged, its digest is not the recorded one; {_BUILD}")
    import ctypes  # where there is no library nothing needs it

    return Library(path, digest, ctypes.CDLL(str(path)))
