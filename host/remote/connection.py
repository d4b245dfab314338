"""A connection to one device over ssh, which runs scripts and copies folders. Every failure is one line."""

from __future__ import annotations

import os
import secrets
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from device.errors import one_line
from host.errors import RemoteError
from host.remote.target import Target

# Messages of ssh, rsync and scp, and what to do about each.
_CURES = (
    ("could not resolve hostname", "no machine of that name; check it, or use the address"),
    ("connection refused", "it is on, but no ssh server listens there; switch ssh on, or give --port"),
    ("no route to host", "it cannot be reached; is it on, and in this network?"),
    ("network is unreachable", "it cannot be reached; is this machine in a network?"),
    ("timed out", "no answer; is it on, and in this network?"),
    ("remote host identification has changed", "its host key changed; if that is right: ssh-keygen -R {host}"),
    ("host key verification failed", "its host key is not known here; run once: ssh {port}{login}"),
    ("permission denied (", "it refuses the login; check user and key with: ssh {port}{login}"),
    ("too many authentication failures", "it refuses the login; name the key with --identity"),
    ("no space left on device", "its disk is full; free some space there"),
    ("disk quota exceeded", "its disk is full; free some space there"),
    ("read-only file system", "its disk is read-only; check the card"),
    ("connection closed", "the connection broke; try again"),
    ("connection reset", "the connection broke; try again"),
    ("broken pipe", "the connection broke; try again"),
)


@dataclass(frozen=True)
class Options:
    """How to reach a device, beside what ~/.ssh/config says.

    Attributes:
        port: of its ssh server.
        identity: a private key's file.
        extra: "Name=value" as ssh's -o takes it.
    """

    port: int | None = None
    identity: Path | None = None
    extra: tuple[str, ...] = ()

    def arguments(self) -> list[str]:
        """For ssh and scp alike: `-p` means something else in the other."""
        words = list(self.extra) + ([f"Port={self.port}"] if self.port else [])
        named = ["-i", str(self.identity)] if self.identity else []
        return named + [part for word in words for part in ("-o", word)]


@dataclass(frozen=True)
class Connection:
    """An ssh connection that later commands share, so that a password is asked for once."""

    target: Target
    ssh_options: tuple[str, ...] = ()
    port: int | None = None

    def script(self, text: str, *arguments: str) -> str:
        """Runs a POSIX shell script there with arguments; returns what it wrote on stdout.

        Raises:
            RemoteError: ssh or the script failed; one line.
        """
        return self._run([*self.ssh("-T"), shell_command(text, *arguments)])

    def ssh(self, *flags: str) -> list[str]:
        """The beginning of an ssh command line; what runs there is still to be added."""
        return ["ssh", *flags, *self.ssh_options, "--", self.target.login]

    def send(self, folder: Path, path: str, with_rsync: bool, beside: str = "") -> None:
        """Copies a local folder's content to the folder `path` there, which is made; its parent exists.

        Args:
            with_rsync: both sides have it; otherwise scp.
            beside: a folder there, beside `path`, whose equal files need not travel (rsync only).
        """
        if with_rsync:
            equal = [f"--copy-dest=../{beside}"] if beside else []
            # -s: no shell there looks at the path. Whole files: rsync 3.2.7 and 3.4.1 (of Debian 12 and 13) cannot
            # rebuild a file from its differences to one in ../device ("failed verification").
            flags = ["-rltps", "--whole-file", "--delete", *equal]
            self._run(["rsync", *flags, "-e", self._rsync_shell(), f"{folder}/", self._rsync_path(path)])
            return
        with self._plain_name() as name:
            self._run(["scp", "-q", "-r", "-p", *self.ssh_options, str(folder), f"{self.target.copy_login}:{name}"])
            self.script('rm -rf -- "$2" && mv -- "$1" "$2"', name, path)

    def fetch(self, parent: str, names: Sequence[str], folder: Path, with_rsync: bool) -> None:
        """Copies folders of a folder there into a local folder."""
        if not names:
            return
        if with_rsync:
            sources = [self._rsync_path(f"{parent}/{names[0]}")]
            sources += [f":{self._from_home(parent)}/{name}" for name in names[1:]]
            self._run(["rsync", "-rlts", "-e", self._rsync_shell(), *sources, f"{folder}/"])
            return
        with self._plain_name() as link:
            self.script('cd -- "$1" && here=$PWD && cd && ln -s -- "$here" "$2"', parent, link)
            sources = [f"{self.target.copy_login}:{link}/{name}" for name in names]
            self._run(["scp", "-q", "-r", *self.ssh_options, *sources, f"{folder}/"])

    @contextmanager
    def _plain_name(self) -> Iterator[str]:
        # Old scp gives remote paths to a shell, new scp does not: a name in the home folder that is the same in both.
        name = f".splitlite-{secrets.token_hex(4)}"
        try:
            yield name
        finally:
            with suppress(RemoteError):
                self.script('rm -rf -- "$1"', name)

    def _rsync_shell(self) -> str:
        return shlex.join(["ssh", *self.ssh_options])

    def _rsync_path(self, path: str) -> str:
        return f"{self.target.copy_login}:{self._from_home(path)}"

    @staticmethod
    def _from_home(path: str) -> str:
        return path if path.startswith("/") else f"./{path}"

    def _run(self, command: Sequence[str]) -> str:
        # Passwords are asked for on the terminal itself, not on stdin or stderr.
        environment = {**os.environ, "LC_ALL": "C"}
        # A file, not a pipe: an older ssh that stays as the shared connection keeps stderr open.
        with tempfile.TemporaryFile() as stderr:
            pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
            try:
                done = subprocess.run(command, stdin=nothing, stdout=pipe, stderr=stderr, env=environment, check=False)
            except FileNotFoundError:
                package = "rsync" if command[0] == "rsync" else "openssh-client"
                raise RemoteError(f"{command[0]} is not installed here; install it (Debian: {package})") from None
            stderr.seek(0)
            said = stderr.read().decode(errors="replace")
        if done.returncode:
            raise RemoteError(self.failure(said, done.returncode))
        return done.stdout.decode(errors="replace")

    def failure(self, stderr: str, status: int) -> str:
        """One line for a command that failed: its cause where it is known, else what was said."""
        said = stderr.lower()
        for words, cure in _CURES:
            if words in said:
                host = self.target.login.rpartition("@")[2]
                port = f"-p {self.port} " if self.port else ""
                return f"{self.target.login}: {cure.format(login=self.target.login, host=host, port=port)}"
        lines = [line.strip() for line in stderr.splitlines() if line.strip() and not line.startswith("Warning:")]
        return f"{self.target.login}: {one_line(lines[0]) if lines else f'failed with exit status {status}'}"


@contextmanager
def connect(target: Target, options: Options) -> Iterator[Connection]:
    """A connection that is closed at the end; nothing is sent until the first command."""
    with tempfile.TemporaryDirectory(prefix="splitlite-") as folder:
        shared = [f"ControlPath={folder}/%C", "ControlMaster=auto", "ControlPersist=60"]
        patience = ["ConnectTimeout=20", "ServerAliveInterval=15", "ServerAliveCountMax=4"]
        # ssh takes the first of several: the user's own come first.
        flags = (*options.arguments(), *(part for word in (*patience, *shared) for part in ("-o", word)))
        connection = Connection(target, flags, options.port)
        try:
            yield connection
        finally:
            if any(Path(folder).iterdir()):
                command = ["ssh", "-O", "exit", *flags, "--", target.login]
                subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)


def shell_command(text: str, *arguments: str) -> str:
    """A script and its arguments as the one string that ssh hands to the shell there, whatever shell that is."""
    return shlex.join(["sh", "-c", text, "sh", *arguments])


def has_rsync() -> bool:
    """Whether rsync is installed here."""
    return shutil.which("rsync") is not None
