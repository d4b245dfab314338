"""Where a device is: user@host:path, as ssh, scp and rsync write it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from host.errors import RemoteError

DEFAULT_PATH = "splitlite"  # in the home folder there
# The host's first letter: what begins with "-" would be an option to ssh.
_TARGET = re.compile(r"(?:([^@:/\s]+)@)?(\[[0-9A-Fa-f:.%\w]+\]|[A-Za-z0-9_][^@:/\s\[\]]*)(?::(.*))?", re.DOTALL)


@dataclass(frozen=True)
class Target:
    """A machine and a folder on it.

    Attributes:
        login: [user@]host as ssh takes it.
        path: the folder that holds device/ there, from the home folder or absolute.
    """

    login: str
    path: str

    @property
    def copy_login(self) -> str:
        """[user@]host as rsync and scp take it before their colon: an IPv6 address in brackets."""
        user, at, host = self.login.rpartition("@")
        return f"{user}{at}[{host}]" if ":" in host else self.login

    def __str__(self) -> str:
        return f"{self.copy_login}:{self.path}"


def parse_target(text: str) -> Target:
    """Reads [user@]host[:path]; "~/" is the home folder, and without a path it is "splitlite" there.

    Raises:
        RemoteError: it is none.
    """
    match = _TARGET.fullmatch(text)
    if match is None or (match[1] or "").startswith("-"):
        raise RemoteError(
            f"{text!r} is no device; expected user@host:path, for instance pi@raspberrypi.local:splitlite"
        )
    user, host, path = match.groups()
    host = host.strip("[]")
    return Target(f"{user}@{host}" if user else host, _folder(path or DEFAULT_PATH, text))


def is_remote(text: str) -> bool:
    """Whether a command's PATH is on another machine, by rsync's rule: a colon before any slash, and no such file."""
    return ":" in text.split("/")[0] and not Path(text).exists()


def _folder(path: str, text: str) -> str:
    # Quoted as a whole, the shell there would take "~" for a name.
    if path == "~" or path.startswith("~/"):
        path = path[2:] or "."
    elif path.startswith("~"):
        raise RemoteError(f"{text!r}: another user's home folder is not looked up; write the whole path")
    if "\n" in path or "\0" in path:
        raise RemoteError(f"{text!r}: a line break in the path")
    return path.rstrip("/") or "/"
