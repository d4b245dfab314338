"""Fetches whole runs from a device."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from host.errors import RemoteError
from host.remote.connection import Connection, has_rsync

# A run is renamed into its place when it is whole: a name that begins with a dot, which `*` leaves out, is none yet.
_LIST = """
[ -d "$1" ] || { printf 'no folder %s there\\n' "$1" >&2; exit 1; }
cd -- "$1"
if [ -d device/results ]; then cd device/results; elif [ -d results ]; then cd results; fi
if [ -f run.json ]; then set -- "${PWD##*/}"; cd ..; else set -- *; fi
if command -v rsync >/dev/null; then echo rsync; else echo scp; fi
printf '%s\\n' "$PWD"
for run in "$@"; do
    if [ -f "$run/run.json" ]; then printf '%s\\n' "$run"; fi
done
"""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class Runs:
    """The whole runs in one folder there.

    Attributes:
        folder: its absolute path there.
        names: the runs' folders in it.
        rsync: whether rsync is installed there.
    """

    folder: str
    names: tuple[str, ...]
    rsync: bool


def list_runs(connection: Connection) -> Runs:
    """The runs at a target's path: the folder that holds device/, device/, a folder of runs, or one run.

    Raises:
        RemoteError: no such folder, or no connection.
    """
    program, folder, *names = connection.script(_LIST, connection.target.path).splitlines()
    return Runs(folder, tuple(names), program == "rsync")


@contextmanager
def fetched(connection: Connection, runs: Runs, names: Sequence[str]) -> Iterator[Path]:
    """A temporary folder that holds copies of these runs.

    Raises:
        RemoteError: none, a name that a shell would read otherwise, or the copy failed.
    """
    if not names:
        raise RemoteError(f"{connection.target}: no finished run in {runs.folder}; make one with `host bench`")
    for name in names:
        if not _NAME.fullmatch(name):
            raise RemoteError(f"{connection.target}: run {name!r}: rename it; letters, digits, '.', '_' and '-' only")
    with tempfile.TemporaryDirectory(prefix="splitlite-") as folder:
        connection.fetch(runs.folder, names, Path(folder), runs.rsync and has_rsync())
        yield Path(folder)
