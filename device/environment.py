"""What the measurements depend on and the code does not decide. Never raises: what is missing is absent."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from . import __version__
from .files import sha256_bytes
from .runtime import Runtime

_PACKAGE = Path(__file__).resolve().parent
_CPU = "sys/devices/system/cpu"
_MODEL_KEYS = ("model name", "Model", "Hardware", "cpu model")


def read_environment(
    runtime: Runtime | None = None, threads: int | None = None, root: Path = Path("/")
) -> dict[str, Any]:
    """Board, CPU, its frequency and temperature, system, Python, numpy, runtime, this package.

    Args:
        runtime: that will run the encoders.
        threads: that it may use.
        root: where /proc and /sys are, for tests.

    Returns:
        Flat, with units in the keys; a key that could not be found out is not there.
    """
    probes: Mapping[str, Callable[[], Any]] = {
        "board": lambda: _text(root / "proc/device-tree/model"),
        "cpu_model": lambda: parse_cpu_model(_text(root / "proc/cpuinfo") or ""),
        "cores": os.cpu_count,
        "usable_cores": lambda: len(os.sched_getaffinity(0)),
        "governor": lambda: _text(root / _CPU / "cpu0/cpufreq/scaling_governor"),
        "frequency_hz": lambda: _kilohertz(root / _CPU / "cpu0/cpufreq/scaling_cur_freq"),
        "max_frequency_hz": lambda: _kilohertz(root / _CPU / "cpu0/cpufreq/cpuinfo_max_freq"),
        "temperature_c": lambda: parse_millidegrees(_text(root / "sys/class/thermal/thermal_zone0/temp") or ""),
        "throttled": throttled,
        "load_average": lambda: list(os.getloadavg()),
        "memory_bytes": lambda: os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "system": platform.system,
        "kernel": platform.release,
        "machine": platform.machine,
        "hostname": platform.node,
        "libc": lambda: " ".join(platform.libc_ver()).strip(),
        "python": platform.python_version,
        "numpy": lambda: np.__version__,
        "runtime": lambda: runtime.name if runtime else None,
        "runtime_version": lambda: runtime.version if runtime else None,
        "threads": lambda: threads,
        "package_version": lambda: __version__,
        "package_sha256": package_sha256,
    }
    found = {name: _try(probe) for name, probe in probes.items()}
    return {name: value for name, value in found.items() if value not in (None, "")}


def parse_cpu_model(text: str) -> str | None:
    """The CPU's name in the text of /proc/cpuinfo; None where it has none (64-bit Arm, mostly)."""
    lines = [line.partition(":") for line in text.splitlines()]
    values = {name.strip(): value.strip() for name, _, value in lines}
    return next((values[key] for key in _MODEL_KEYS if values.get(key)), None)


def parse_millidegrees(text: str) -> float | None:
    """Degrees Celsius from a thermal zone's temp."""
    text = text.strip()
    return int(text) / 1000 if text.lstrip("-").isdigit() else None


def parse_throttled(text: str) -> str | None:
    """The flags in what `vcgencmd get_throttled` prints, as hexadecimal: "0x0" is none, now or since boot."""
    name, _, value = text.strip().partition("=")
    try:
        return hex(int(value, 16)) if name == "throttled" else None
    except ValueError:
        return None


def throttled() -> str | None:
    """Under-voltage and throttling flags of a Raspberry Pi; None elsewhere."""
    try:
        done = subprocess.run(["vcgencmd", "get_throttled"], capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.SubprocessError):
        return None
    return parse_throttled(done.stdout)


def package_sha256(folder: Path = _PACKAGE) -> str:
    """Digest of the names and contents of this package's modules: which code measured."""
    paths = sorted(folder.glob("*.py"))
    return sha256_bytes(b"".join(f"{path.name} {sha256_bytes(path.read_bytes())}\n".encode() for path in paths))


def _text(path: Path) -> str | None:
    try:
        # The device tree ends its strings with a zero byte.
        return path.read_text(encoding="utf-8", errors="replace").strip("\0 \n") or None
    except OSError:
        return None


def _kilohertz(path: Path) -> int | None:
    text = _text(path)
    return int(text) * 1000 if text and text.isdigit() else None


def _try(probe: Callable[[], Any]) -> Any:
    try:
        return probe()
    except (OSError, ValueError, AttributeError, ArithmeticError):
        return None
