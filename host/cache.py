"""The folder of what is kept between runs, and locks in it for what two processes must not do at the same time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def cache_folder() -> Path:
    """Where unpacked archives, listings and locks are: XDG_CACHE_HOME/splitlite, by default ~/.cache/splitlite."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "splitlite"


@contextmanager
def alone(name: str) -> Iterator[None]:
    """Lets one process at a time into the blocks of one name, such as a download's; the others wait."""
    lock = cache_folder() / f"{name}.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with open(lock, "w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
