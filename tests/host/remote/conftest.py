"""A device over ssh: a program named ssh that runs the command here, and where there is one, a real sshd."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from device.tests import tiny
from host.remote.connection import Options
from host.remote.target import Target, parse_target

ROOT = Path(__file__).resolve().parents[3]
ENVIRONMENT = ROOT / ".venv-device"
SSHD = shutil.which("sshd", path=os.environ["PATH"] + ":/usr/sbin:/sbin")

# Like ssh: reads options, then hands the rest as one string to a shell, in the home folder and a session of its own.
# As rsync calls it too: options, host, words. SAYS makes it fail as ssh does.
_SSH = """#!{python}
import os, sys
words = sys.argv[1:]
with open({log!r}, "a") as log: log.write(" ".join(words) + "\\n")
control = False
while words and words[0].startswith("-"):
    word = words.pop(0)
    if word == "--": break
    if word in ("-o", "-i", "-l", "-O"): words.pop(0)
    control |= word == "-O"
if control: sys.exit(0)
if os.environ.get("SAYS"): sys.stderr.write(os.environ["SAYS"] + "\\n"); sys.exit(255)
os.setsid(); os.chdir({home!r})
os.environ["HOME"] = {home!r}
os.execvp("sh", ["sh", "-c", " ".join(words[1:])])
"""
_SCP = """#!{python}
import os, subprocess, sys
words = sys.argv[1:]
flags = []
while words[0].startswith("-"):
    word = words.pop(0)
    if word in ("-o", "-i"): words.pop(0)
    elif word in ("-r", "-p"): flags.append(word)
if os.environ.get("SCP_SAYS"): sys.stderr.write(os.environ["SCP_SAYS"] + "\\n"); sys.exit(1)
paths = [os.path.join({home!r}, word.split(":", 1)[1]) if ":" in word.split("/")[0] else word for word in words]
sys.exit(subprocess.call(["cp", *flags, "--", *paths]))
"""
_SSHD = """
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile none
StrictModes no
UsePAM no
PermitRootLogin yes
Subsystem sftp internal-sftp
"""


@dataclass(frozen=True)
class Machine:
    """A device: `path` is the folder there, seen from here; `log` holds ssh's command lines where it is faked."""

    target: Target
    options: Options
    path: Path
    log: Path


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    home, programs, log = tmp_path / "home", tmp_path / "programs", tmp_path / "log"
    home.mkdir()
    programs.mkdir()
    for name, text in (("ssh", _SSH), ("scp", _SCP)):
        (programs / name).write_text(text.format(python=sys.executable, home=str(home), log=str(log)))
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    return Machine(parse_target("pi@fake:~/it's a pi"), Options(), home / "it's a pi", log)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """A sshd of our own on the loopback: its port and the folder of its keys."""
    if SSHD is None or shutil.which("ssh") is None:
        pytest.skip("no sshd here; `make pi` brings its own")
    folder = tmp_path_factory.mktemp("sshd")
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "config").write_text(_SSHD.format(folder=folder) + f"Port {port}\n")
    key = " ".join((folder / "host.pub").read_text().split()[:2])
    (folder / "known").write_text(f"[127.0.0.1]:{port} {key}\n")
    process = subprocess.Popen([SSHD, "-D", "-e", "-f", folder / "config"], stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port, folder
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def real(server: tuple[int, Path], tmp_path: Path) -> Machine:
    port, keys = server
    path = tmp_path / "a real one"
    extra = (f"UserKnownHostsFile={keys}/known", "IdentitiesOnly=yes", "BatchMode=yes")
    target = Target(f"{getpass.getuser()}@127.0.0.1", str(path))
    return Machine(target, Options(port, keys / "user", extra), path, tmp_path / "none")


@pytest.fixture(params=["fake", "real"])
def machine(request: pytest.FixtureRequest) -> Machine:
    """Both kinds of device, by turns."""
    return request.getfixturevalue(request.param)


@pytest.fixture(params=["rsync", "scp"])
def program(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What copies: rsync, or scp because rsync is missing here."""
    if request.param == "rsync" and shutil.which("rsync") is None:
        pytest.skip("no rsync here")
    for module in ("deploy", "results"):
        monkeypatch.setattr(f"host.remote.{module}.has_rsync", lambda: request.param == "rsync")
    return request.param


@pytest.fixture
def bundle(tmp_path: Path) -> str:
    """A small real bundle."""
    return str(tiny.write(tmp_path / "tiny").folder)
