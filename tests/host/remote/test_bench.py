from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from device.run_file import read_run
from host.errors import RemoteError
from host.remote.bench import run_bench
from host.remote.connection import connect
from host.remote.deploy import deploy

from .conftest import ENVIRONMENT, ROOT, Machine

QUICK = ["--quick", "--repetitions", "1", "--variant", "int8"]


@pytest.fixture
def deployed(machine: Machine, bundle: str) -> Machine:
    """A device with the tiny bundle and an environment."""
    return prepare(machine, bundle)


def prepare(machine: Machine, bundle: str) -> Machine:
    with connect(machine.target, machine.options) as connection:
        deploy(connection, [bundle])
    if not ENVIRONMENT.is_dir():
        pytest.skip("no .venv-device here; make setup")
    (machine.path / "venv").symlink_to(ENVIRONMENT)
    return machine


def script(machine: Machine, *arguments: str) -> list[str]:
    """A process that runs the bench there, as `host bench` does."""
    code = (
        "import sys; from pathlib import Path\n"
        "from host.remote.bench import run_bench; from host.remote.connection import Options, connect\n"
        "from host.remote.target import Target\n"
        f"with connect({machine.target!r}, Options({machine.options.port!r},"
        f" {str(machine.options.identity)!r} if {machine.options.identity is not None} else None,"
        f" {machine.options.extra!r})) as connection:\n"
        f"    print(run_bench(connection, {list(arguments)!r}))"
    )
    return [sys.executable, "-c", code]


def runs(machine: Machine) -> list[Path]:
    results = machine.path / "device" / "results"
    return [path for path in results.iterdir() if not path.name.startswith(".")] if results.is_dir() else []


def processes(machine: Machine) -> list[str]:
    """The bench's processes, by their current folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if Path(os.readlink(process / "cwd")) == machine.path:
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_it_runs_there_and_names_the_run(deployed: Machine, capfd: pytest.CaptureFixture[str]) -> None:
    with connect(deployed.target, deployed.options) as connection:
        first = run_bench(connection, QUICK)
        second = run_bench(connection, QUICK)
    assert len(first) == len(second) == 1 and first != second
    assert {path.name for path in runs(deployed)} == {*first, *second}
    assert read_run(runs(deployed)[0]).rows[0].ok
    assert "fastest" in capfd.readouterr().out


def test_stdout_can_stay_free(deployed: Machine, capfd: pytest.CaptureFixture[str]) -> None:
    with connect(deployed.target, deployed.options) as connection:
        run_bench(connection, QUICK, show=sys.stderr)
    shown = capfd.readouterr()
    assert shown.out == "" and "fastest" in shown.err


def test_what_the_bench_refuses_is_an_error_and_its_own_line_is_shown(
    deployed: Machine, capfd: pytest.CaptureFixture[str]
) -> None:
    with connect(deployed.target, deployed.options) as connection:
        with pytest.raises(RemoteError, match="the bench ended with exit status 1; nothing was collected"):
            run_bench(connection, ["--bundle", "it's none"])
        with pytest.raises(RemoteError, match=r"^--out: "):
            run_bench(connection, ["--out=x"])
    assert "it's none" in capfd.readouterr().err
    assert runs(deployed) == []


def test_without_a_runtime_it_says_the_commands(fake: Machine, bundle: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with connect(fake.target, fake.options) as connection:
        deploy(connection, [bundle])
        # A python3 that has nothing: as on a Pi that was just set up.
        bare = fake.path / "bare"
        bare.mkdir()
        (bare / "python3").write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
        (bare / "python3").chmod(0o755)
        monkeypatch.setenv("PATH", f"{bare}:{os.environ['PATH']}")
        with pytest.raises(RemoteError) as caught:
            run_bench(connection, [])
    cure = """cd 'it'"'"'s a pi' && python3 -m venv venv && venv/bin/pip install -r device/requirements.txt"""
    assert cure in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "killed"])
def test_stopped_here_it_stops_there_and_leaves_no_run(deployed: Machine, how: signal.Signals) -> None:
    command = script(deployed, "--repetitions", "200", "--seconds", "5")
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=default_signals,
    )
    assert wait_until(lambda: any("device.bench.worker" in line for line in processes(deployed)))
    if how == signal.SIGINT:
        os.killpg(process.pid, how)  # a terminal sends it to all of them
    else:
        process.send_signal(how)
    process.communicate(timeout=30)
    assert process.returncode != 0
    assert wait_until(lambda: not processes(deployed)), processes(deployed)
    assert runs(deployed) == []


def test_on_a_terminal_it_has_one_there_too_and_ctrl_c_goes_there(real: Machine, bundle: str) -> None:
    prepare(real, bundle)
    command = script(real, "--repetitions", "200", "--seconds", "5")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, preexec_fn=take_terminal
    )
    os.close(theirs)
    shown = read_terminal(ours, process, until=b"\x1b[K")  # the progress line that only a terminal gets
    os.write(ours, b"\x03")
    shown += read_terminal(ours, process)
    os.close(ours)
    assert process.wait(20) == 1
    assert b"interrupted; nothing was saved" in shown and b"nothing was collected" in shown, shown.decode()
    assert wait_until(lambda: not processes(real)), processes(real)
    assert runs(real) == []


def default_signals() -> None:
    # Tests that run in the background, or under nohup, inherit these as ignored.
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def take_terminal() -> None:
    default_signals()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def read_terminal(terminal: int, process: subprocess.Popen[bytes], until: bytes = b"never") -> bytes:
    shown = b""
    end = time.monotonic() + 60
    while time.monotonic() < end and until not in shown and (process.poll() is None or shown[-1:]):
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                shown += os.read(terminal, 4096)
            except OSError:  # the other end is closed: all was read
                break
    return shown
