"""Runs the bench on a device and shows it live."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Sequence
from typing import IO

from host.errors import RemoteError
from host.remote.connection import Connection, shell_command
from host.remote.results import list_runs

# The first Python that has a runtime; nothing is imported, which would take a Pi a second.
_FIND_PYTHON = """
cd -- "$1"
probe='import sys
from importlib.util import find_spec as found
runtime = found("ai_edge_litert") or found("tflite_runtime")
sys.exit(sys.version_info < (3, 9) or not found("numpy") or not runtime)'
for python in venv/bin/python .venv/bin/python device/venv/bin/python device/.venv/bin/python python3; do
    if command -v "$python" >/dev/null && "$python" -c "$probe" 2>/dev/null; then printf '%s\\n' "$python"; exit; fi
done
"""
_ON_TERMINAL = 'cd -- "$1" && shift && exec "$@"'
# Without a terminal there is nothing that stops the bench when the connection goes: stdin's end does.
_WITHOUT_TERMINAL = """
cd -- "$1" || exit
shift
exec 3<&0
{ cat <&3; kill -INT 0; } >/dev/null 2>&1 &
exec 3<&-
exec "$@" </dev/null
"""


def run_bench(connection: Connection, arguments: Sequence[str], show: IO[str] | None = None) -> tuple[str, ...]:
    """Runs `python -m device.bench` there, its output on this terminal.

    Args:
        arguments: of the bench, without --out.
        show: where its stdout goes; None: to stdout.

    Returns:
        The names of the runs that it made.

    Raises:
        RemoteError: no runtime there, the bench failed, or it was stopped; then there is no run of it.
    """
    if any(word.split("=")[0] == "--out" for word in arguments):
        raise RemoteError("--out: the run is kept in device/results there, from where it is collected; leave it out")
    target = connection.target
    python = connection.script(_FIND_PYTHON, target.path).strip()
    if not python:
        cure = "python3 -m venv venv && venv/bin/pip install -r device/requirements.txt"
        raise RemoteError(
            f"{target.login}: no Python 3.9 or later with a TFLite runtime in {target.path} or as python3; "
            f"install it there: cd {shlex.quote(target.path)} && {cure}"
        )
    before = list_runs(connection).names
    status = _run_live(connection, [python, "-u", "-m", "device.bench", *arguments], show)
    if status == 255:
        raise RemoteError(f"{target.login}: the connection broke; nothing was collected")
    if status:
        raise RemoteError(f"{target.login}: the bench ended with exit status {status}; nothing was collected")
    return tuple(name for name in list_runs(connection).names if name not in before)


def _run_live(connection: Connection, command: Sequence[str], show: IO[str] | None) -> int:
    path = connection.target.path
    if show is None and sys.stdin.isatty() and sys.stdout.isatty():
        # The terminal is the device's: Ctrl-C goes there.
        there = shell_command(_ON_TERMINAL, path, *command)
        return subprocess.run([*connection.ssh("-t"), there], check=False).returncode
    there = shell_command(_WITHOUT_TERMINAL, path, *command)
    with subprocess.Popen([*connection.ssh("-T"), there], stdin=subprocess.PIPE, stdout=show) as process:
        assert process.stdin is not None
        try:
            return process.wait()
        except KeyboardInterrupt:
            process.stdin.close()  # stops the bench there; ssh then ends by itself
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
            raise
