"""Runs one job in a fresh process and returns its answer, even if the process crashes."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..errors import one_line, signal_name

_PACKAGE = Path(__file__).resolve().parents[1]
_SIGNAL_HINTS = {
    "SIGILL": "an illegal instruction, this runtime's wheel is for another processor; try the other --runtime",
    "SIGKILL": "it was killed, probably because memory ran out",
    "SIGSEGV": "the runtime crashed on this file",
    "SIGABRT": "the runtime gave up on this file",
    "SIGBUS": "the runtime crashed, or the storage did",
}


def run_worker(job: dict[str, Any], on_line: Callable[[str], None] | None = None) -> dict[str, Any]:
    """Runs one job of `device.bench.worker` in a fresh process; `on_line` is given each line that it writes, at once.

    Returns its answer; status "failed" and a sentence if the process crashed, was killed or raised.
    """
    said: list[str] = []
    last = ""
    with subprocess.Popen(
        [sys.executable, "-m", f"{__package__}.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        cwd=_PACKAGE.parent,  # where -m looks for it
    ) as process:
        assert process.stdin and process.stdout and process.stderr
        # Read beside stdout: a pipe that nobody reads stops its writer when it is full.
        reader = threading.Thread(target=said.extend, args=(process.stderr,), daemon=True)
        reader.start()
        try:
            try:
                process.stdin.write(json.dumps(job))
                process.stdin.close()
            except BrokenPipeError:
                pass  # it ended before it read: its exit status says why
            for line in process.stdout:
                last = line.strip()
                if on_line and not last.startswith("{"):
                    on_line(last)
            returncode = process.wait()
        except BaseException:
            process.kill()
            raise
        finally:
            reader.join(timeout=5)
    if returncode == 0 and last.startswith("{"):
        return dict(json.loads(last))
    return {"status": "failed", "error": describe_exit(returncode, "".join(said))}


def describe_exit(returncode: int, stderr: str) -> str:
    """One sentence about a worker that ended without an answer."""
    if returncode < 0:
        name = signal_name(-returncode)
        return f"the worker ended with {name}: {_SIGNAL_HINTS.get(name, 'something outside ended it')}"
    said = one_line((stderr.strip().splitlines() or ["nothing on stderr"])[-1])
    return f"the worker ended with exit status {returncode}: {said}"
