"""The machine and the software that measurements depend on. Nothing here raises; an unknown value is absent."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from . import __version__, state
from .files import sha256_bytes
from .outputs import native
from .runtime import Runtime

_PACKAGE = Path(__file__).resolve().parent
_NOT_CODE = ("tests", "bundles", "results", "venv", ".venv")  # of the folders in this package
_MODEL_KEYS = ("model name", "Model", "Hardware", "cpu model")


def read_environment(runtime: Runtime | None = None, root: Path = Path("/")) -> dict[str, Any]:
    """Board, CPU, its frequency and temperature, system, Python, numpy, runtime, entropy coder, this package.

    Returns:
        A flat dictionary with units in its keys. Unknown values are absent. "emulated" exists only on an emulator,
        whose times say nothing about speed.
    """
    probes: Mapping[str, Callable[[], Any]] = {
        "board": lambda: state.read_text(root / "proc/device-tree/model"),
        "cpu_model": lambda: parse_cpu_model(state.read_text(root / "proc/cpuinfo") or ""),
        "emulated": lambda: detect_emulation(root),
        "cores": os.cpu_count,
        "cpu_affinity": lambda: sorted(os.sched_getaffinity(0)),
        "max_frequency_hz": lambda: state.read_kilohertz(root / state.CPU / "cpu0/cpufreq/cpuinfo_max_freq"),
        "memory_bytes": lambda: os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "system": platform.system,
        "kernel": platform.release,
        "machine": platform.machine,
        "hostname": platform.node,
        "libc": lambda: " ".join(platform.libc_ver()).strip(),
        "python": platform.python_version,
        "numpy": lambda: np.__version__,
        "runtime": lambda: runtime and runtime.name,
        "runtime_version": lambda: runtime and runtime.version,
        "coder": native.coder_name,
        "timer_step_ns": timer_step_ns,
        "package_version": lambda: __version__,
        "package_sha256": package_sha256,
    }
    now = state.read_state(root)
    kept = ("temperature_c", "frequency_hz", "governor", "throttled", "load_average")
    return {**{key: now[key] for key in kept if key in now}, **state.probe(probes)}


def detect_emulation(root: Path = Path("/")) -> str | None:
    """ "qemu-user" where that runs this program; None on real hardware."""
    # qemu shows a program of its own in /proc/self/exe and in /proc/cpuinfo, but not in these two.
    if state.read_text(root / "proc/sys/kernel/arch") in ("x86_64", "i686") and platform.machine() == "aarch64":
        return "qemu-user"
    program = os.readlink(root / f"proc/self/task/{os.getpid()}/exe")
    return "qemu-user" if Path(program).name.startswith("qemu-") else None


def timer_step_ns() -> int:
    """The smallest step of the clock that times the samples, found by reading it repeatedly."""
    steps: list[int] = []
    last = time.perf_counter_ns()
    while len(steps) < 100:
        now = time.perf_counter_ns()
        if now > last:
            steps.append(now - last)
        last = now
    return min(steps)


def parse_cpu_model(text: str) -> str | None:
    """The CPU's name in the text of /proc/cpuinfo; None where it has none (64-bit Arm, mostly)."""
    lines = [line.partition(":") for line in text.splitlines()]
    values = {name.strip(): value.strip() for name, _, value in lines}
    return next((values[key] for key in _MODEL_KEYS if values.get(key)), None)


def package_sha256(folder: Path = _PACKAGE) -> str:
    """Digest of the paths and contents of all .py and .c files in this package but its tests: which code measured."""
    files = (path for suffix in ("py", "c") for path in folder.rglob(f"*.{suffix}"))
    found = sorted((path.relative_to(folder).as_posix(), path) for path in files)
    modules = [(name, path) for name, path in found if name.split("/")[0] not in _NOT_CODE]
    return sha256_bytes(b"".join(f"{name} {sha256_bytes(path.read_bytes())}\n".encode() for name, path in modules))
