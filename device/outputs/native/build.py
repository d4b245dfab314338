"""Compiles coder.c for this machine: once on each device, with the system's compiler."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

from ...errors import CoderError, one_line
from ...files import json_bytes, sha256_bytes, sync_folder, write_bytes
from . import FLAGS, SOURCE, Library, library_path, open_library, record_path

_COMPILERS = ("cc", "gcc", "clang")
_INSTALL = "install one (Debian, Raspberry Pi OS: sudo apt install gcc libc6-dev); everything works without, in numpy"
_SECONDS = 300  # a Raspberry Pi Zero takes one


def build() -> tuple[Library, bool]:
    """The library of this source, compiled if need be.

    Returns:
        The library, loaded; whether it was compiled now.

    Raises:
        CoderError: no compiler, it cannot compile coder.c, or the cache folder cannot be written to.
    """
    path = library_path()
    try:
        return open_library(path), False
    except CoderError:
        pass  # missing or refused: made anew
    compiler = find_compiler()
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.chmod(0o700)
        try:
            _compile(compiler, temporary)
            digest = sha256_bytes(temporary.read_bytes())
            record = {"compiler": _version(compiler), "flags": list(FLAGS), "sha256": digest}
            write_bytes(record_path(path), json_bytes(record))
            temporary.chmod(0o600)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as reason:
        raise CoderError(f"{path}: cannot be written ({reason.strerror}); set XDG_CACHE_HOME") from None
    return open_library(path), True


def remove() -> list[Path]:
    """Removes the libraries of all versions of the source; returns what it removed."""
    folder = library_path().parent
    found = sorted(path for path in folder.glob("coder-*") if path.suffix in (".so", ".json"))
    try:
        for path in found:
            path.unlink(missing_ok=True)
    except OSError as reason:
        raise CoderError(f"{folder}: cannot be emptied ({reason.strerror})") from None
    return [path for path in found if path.suffix == ".so"]


def find_compiler() -> list[str]:
    """The command of a C compiler: the environment variable CC, or the system's; raises CoderError."""
    given = shlex.split(os.environ.get("CC", ""))
    if given:
        return given
    for name in _COMPILERS:
        found = shutil.which(name)
        if found:
            return [found]
    raise CoderError(f"there is no C compiler; {_INSTALL}")


def _compile(compiler: list[str], output: Path) -> None:
    try:
        done = subprocess.run(
            [*compiler, *FLAGS, "-o", str(output), str(SOURCE)],
            capture_output=True,
            text=True,
            errors="replace",
            env={**os.environ, "LC_ALL": "C"},
            timeout=_SECONDS,
            check=False,
        )
    except OSError as reason:
        raise CoderError(f"{compiler[0]}: cannot be run ({reason.strerror}); {_INSTALL}") from None
    except subprocess.TimeoutExpired:
        raise CoderError(f"{compiler[0]}: no library after {_SECONDS} s; everything works without, in numpy") from None
    if done.returncode or not output.is_file():
        said = [line for line in done.stderr.splitlines() if "error" in line] or done.stderr.splitlines()[-1:]
        fault = one_line(said[0] if said else f"exit status {done.returncode}", 160)
        raise CoderError(f"{compiler[0]}: cannot compile {SOURCE.name}: {fault}; {_INSTALL}")


def _version(compiler: list[str]) -> str:
    done = subprocess.run([*compiler, "--version"], capture_output=True, text=True, errors="replace", check=False)
    return one_line((done.stdout.splitlines() or [compiler[0]])[0], 120)
