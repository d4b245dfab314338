"""Runs the device's half in the arm64 root that root.sh builds, and checks what comes home.

    python -m tests.pi MODEL...

The last part of `make pi`. Exit status: 0 everything holds, 1 something does not.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from device.bundle import read_bundle
from device.errors import SplitliteError
from device.pipeline import find_bundle
from device.records import as_json
from device.run_file import read_run
from host.api import collect
from host.errors import RemoteError
from host.remote.bench import run_bench
from host.remote.connection import Options, connect
from host.remote.deploy import deploy, stage
from host.remote.results import fetched, list_runs
from host.remote.target import Target
from tests.pi.checks import Check, check_evaluations, check_run

PROJECT = Path(__file__).resolve().parents[2]
SCRIPT = Path(__file__).resolve().with_name("root.sh")
HERE_PYTHON = PROJECT / ".venv-device" / "bin" / "python"
USER, FOLDER = "pi", "splitlite"


def main(models: Sequence[str]) -> int:
    """Runs and checks everything; returns the exit status."""
    system = os.environ.get("OS", "bookworm")
    built = subprocess.run([SCRIPT, "build"], stdout=subprocess.PIPE, text=True, check=False)
    if built.returncode:  # it has said why
        return 1
    root = Path(built.stdout.strip())
    scratch = root.with_name(f"{system}.results")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    bundles = [read_bundle(find_bundle(name)) for name in models]
    expected = [(bundle.model, variant) for bundle in bundles for variant in bundle.variants]
    checks: list[Check] = []

    _say(f"copying device/ into {root}")
    home = root / "home" / USER
    there = home / FOLDER / "device"
    shutil.rmtree(there, ignore_errors=True)
    stage(there, models, tests=True)
    owner = home.stat()
    for path in (there, *there.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid)

    _say("the coder in C, compiled there")
    status = _enter("venv/bin/python -m device build", before="venv/bin/python -m device build --remove")
    checks.append(Check(status == 0, f"python -m device build: exit status {status}"))

    _say("the device's tests there (emulated: minutes)")
    begun = time.monotonic()
    status = _enter("venv/bin/python -m unittest discover -t . -s device")
    checks.append(Check(status == 0, f"the device's tests: exit status {status}, {time.monotonic() - begun:.0f} s"))

    _say("python -m device.bench --quick there; its times are those of an emulator, not of a Pi")
    begun = time.monotonic()
    status = _enter("venv/bin/python -u -m device.bench --quick --out results-pi", before="rm -rf results-pi")
    checks.append(Check(status == 0, f"the bench: exit status {status}, {time.monotonic() - begun:.0f} s"))

    _say("the same on this machine")
    here = [HERE_PYTHON, "-m", "device.bench", "--quick", "--out", scratch / "here"]
    subprocess.run([*here, *(part for name in models for part in ("--bundle", name))], cwd=PROJECT, check=True)
    if status == 0:
        checks += _compared(home / FOLDER / "results-pi", scratch, expected)

    _say("deploy, bench and collect over ssh, to an sshd there")
    checks.append(_over_ssh(root, scratch, models[0]))

    print(f"\nDebian {system}, arm64, {'Cortex-A72 under qemu-user'}:")
    for check in checks:
        print(check)
    return 0 if all(check.holds for check in checks) else 1


def _compared(results: Path, scratch: Path, expected: Sequence[tuple[str, str]]) -> list[Check]:
    (run_folder,) = results.iterdir()
    (here_folder,) = (scratch / "here").iterdir()
    runs = read_run(run_folder), read_run(here_folder)
    (there,) = collect(run_folder, results=scratch / "collected")
    (here,) = collect(here_folder, results=scratch / "collected")
    return check_run(as_json(runs[0]), as_json(runs[1]), expected) + check_evaluations(as_json(there), as_json(here))


def _over_ssh(root: Path, scratch: Path, model: str) -> Check:
    begun = time.monotonic()
    # What lies there is an earlier version: the usual case, and another path through rsync.
    stale = root / "home" / USER / FOLDER / "device" / "runtime.py"
    content = stale.read_bytes()
    stale.write_bytes(content[:3000] + b"# earlier\n" + content[3500:])
    try:
        with _sshd(root, scratch) as options, connect(Target(f"{USER}@127.0.0.1", FOLDER), options) as connection:
            deploy(connection, [model])
            if stale.read_bytes() != (PROJECT / "device" / "runtime.py").read_bytes():
                raise RemoteError("deploy left an earlier version of device/runtime.py there")
            names = run_bench(connection, ["--quick", "--variant", "int8"])
            with fetched(connection, list_runs(connection), names) as folder:
                (run,) = collect(folder, results=scratch / "over-ssh")
    except SplitliteError as reason:
        return Check(False, f"over ssh: {reason}")
    rows = [row for result in run.results for row in result.rows]
    bad = [row.error for row in rows if row.error]
    line = (
        f"over ssh: deployed, one run made, fetched and collected, {len(rows)} rows, {time.monotonic() - begun:.0f} s"
    )
    return Check(bool(rows) and not bad, "; ".join([line, *bad]))


@contextmanager
def _sshd(root: Path, scratch: Path) -> Iterator[Options]:
    """The arm64 sshd of the root, on a port of the loopback, with a key made for it."""
    key = scratch / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    shutil.copy(key.with_suffix(".pub"), root / "etc" / "ssh" / "splitlite.pub")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    host_key = " ".join((root / "etc" / "ssh" / "ssh_host_ed25519_key.pub").read_text().split()[:2])
    (scratch / "known").write_text(f"[127.0.0.1]:{port} {host_key}\n")
    settings = {
        "ListenAddress": f"127.0.0.1:{port}",
        "AuthorizedKeysFile": "/etc/ssh/splitlite.pub",
        "UsePAM": "no",
        "SetEnv": "QEMU_CPU=cortex-a72",
    }
    words = " ".join(f"-o {name}={value}" for name, value in settings.items())
    start = f"mkdir -p /run/sshd && exec /usr/sbin/sshd -D -e {words}"
    with (scratch / "sshd.log").open("w") as log:
        server = subprocess.Popen([SCRIPT, "enter", "root", "sh", "-c", start], stdout=log, stderr=log)
        try:
            for _ in range(300):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                if server.poll() is not None:
                    raise RemoteError(f"the sshd in the root does not start; see {scratch / 'sshd.log'}")
                time.sleep(0.1)
            extra = (
                f"UserKnownHostsFile={scratch / 'known'}",
                "IdentitiesOnly=yes",
                "BatchMode=yes",
                "ConnectTimeout=60",
            )
            yield Options(port, key, extra)
        finally:
            server.kill()  # unshare, which takes everything in its process namespace along
            server.wait()


def _enter(command: str, before: str = "true") -> int:
    script = f"cd {FOLDER} && {before} && exec {command}"
    return subprocess.run([SCRIPT, "enter", USER, "sh", "-c", script], check=False).returncode


def _say(text: str) -> None:
    print(f"make pi: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except SplitliteError as reason:
        sys.exit(f"make pi: {reason}")
    except subprocess.CalledProcessError as reason:
        sys.exit(f"make pi: {reason.cmd[0]} failed with exit status {reason.returncode}")
