"""The state that changes while a benchmark runs: temperature, frequency, throttling, and load of other processes.

It is read before and after each worker. Nothing here raises; a value that cannot be read is absent.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

CPU = "sys/devices/system/cpu"
_FIRMWARE = "sys/devices/platform/soc/soc:firmware/get_throttled"
# The low half of a Raspberry Pi's flags is now, the same bits 16 higher are "has happened since boot".
THROTTLE_FLAGS = {0: "under-voltage", 1: "frequency capped", 2: "throttled", 3: "soft temperature limit"}


def read_state(root: Path = Path("/")) -> dict[str, Any]:
    """The machine at this moment; `root` is where /proc and /sys are, for tests.

    Returns:
        "clock_s" (monotonic), "temperature_c" (the hottest zone), "frequency_hz" (of the first usable processor),
        "governor", "throttled" (a Raspberry Pi's flags, hexadecimal), "throttle_count" (events since boot, Intel),
        "load_average", "busy_s" and "steal_s" (of all processors since boot; steal is what a hypervisor took),
        "own_cpu_s" (of this process and its ended children); each where it could be read.
    """
    probes: Mapping[str, Callable[[], Any]] = {
        "clock_s": time.monotonic,
        **clock_probes(root),
        "governor": lambda: read_text(root / CPU / f"cpu{_first_cpu()}/cpufreq/scaling_governor"),
        "throttled": lambda: parse_throttled(read_text(root / _FIRMWARE) or vcgencmd("get_throttled")),
        "throttle_count": lambda: _throttle_count(root),
        "load_average": lambda: os.getloadavg()[0],
        "cpu_seconds": lambda: parse_cpu_seconds(read_text(root / "proc/stat") or ""),
        "own_cpu_s": lambda: sum(os.times()[:4]),
    }
    found = probe(probes)
    return {**found.pop("cpu_seconds", {}), **found}


def clock_probes(root: Path = Path("/")) -> dict[str, Callable[[], Any]]:
    """Probes of what has to be read while the processor is still busy: temperature and frequency."""
    return {
        "temperature_c": lambda: read_temperature(root),
        "frequency_hz": lambda: read_kilohertz(root / CPU / f"cpu{_first_cpu()}/cpufreq/scaling_cur_freq"),
    }


def probe(probes: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
    """What each probe returns; a probe that fails, or finds nothing, is left out."""
    found = {}
    for name, read in probes.items():
        try:
            value = read()
        except (OSError, ValueError, AttributeError, ArithmeticError, LookupError):
            continue
        if value not in (None, ""):
            found[name] = value
    return found


def other_load(before: Mapping[str, Any], after: Mapping[str, Any]) -> float | None:
    """Processors' worth of work that other processes did between two states: 1.0 is one of them, all the time.

    What the worker itself used is counted once it has ended. None where /proc/stat could not be read.
    """
    busy, own = rate(before, after, "busy_s"), rate(before, after, "own_cpu_s")
    return None if busy is None or own is None else max(0.0, busy - own)


def rate(before: Mapping[str, Any], after: Mapping[str, Any], key: str) -> float | None:
    """How much a value of two states grew in each second between them; None where they do not tell."""
    if not all(name in state for state in (before, after) for name in (key, "clock_s")):
        return None
    elapsed = after["clock_s"] - before["clock_s"]
    return float((after[key] - before[key]) / elapsed) if elapsed > 0 else None


def parse_cpu_seconds(text: str) -> dict[str, float]:
    """ "busy_s" and "steal_s" of all processors since boot, from /proc/stat; raises LookupError where it has none."""
    # user nice system idle iowait irq softirq steal guest guest_nice; guest time is in user already.
    counts = [int(field) for field in text.splitlines()[0].split()[1:]]
    ticks = os.sysconf("SC_CLK_TCK")
    return {"busy_s": (sum(counts[:3]) + sum(counts[5:7])) / ticks, "steal_s": counts[7] / ticks}


def parse_throttled(text: str) -> str | None:
    """The flags in what `vcgencmd get_throttled` or the firmware's file says: "0x0" is none, now or since boot."""
    name, _, value = text.strip().rpartition("=")
    try:
        return hex(int(value, 16)) if name in ("", "throttled") else None
    except ValueError:
        return None


def vcgencmd(argument: str) -> str:
    """What a Raspberry Pi's firmware answers; empty where there is none."""
    # Here, because a worker imports this module too, and these two are half a megabyte.
    import shutil
    import subprocess

    if shutil.which("vcgencmd") is None:
        return ""
    try:
        return subprocess.run(["vcgencmd", argument], capture_output=True, text=True, timeout=5, check=False).stdout
    except (OSError, subprocess.SubprocessError):
        return ""


def read_temperature(root: Path = Path("/")) -> float | None:
    """Degrees Celsius of the hottest thermal zone."""
    zones = (root / "sys/class/thermal").glob("thermal_zone*/temp")
    found = [parse_millidegrees(read_text(zone) or "") for zone in zones]
    return max((value for value in found if value is not None), default=None)


def parse_millidegrees(text: str) -> float | None:
    """Degrees Celsius from a thermal zone's temp."""
    text = text.strip()
    return int(text) / 1000 if text.lstrip("-").isdigit() else None


def read_kilohertz(path: Path) -> int | None:
    """A cpufreq file, in hertz."""
    kilohertz = read_count(path)
    return None if kilohertz is None else kilohertz * 1000


def read_count(path: Path) -> int | None:
    """A file of one whole number; None where there is none."""
    text = read_text(path)
    return int(text) if text and text.isdigit() else None


def read_text(path: Path) -> str | None:
    """A small file of /proc or /sys; None where there is none."""
    try:
        # The device tree ends its strings with a zero byte.
        return path.read_text(encoding="utf-8", errors="replace").strip("\0 \n") or None
    except OSError:
        return None


def _first_cpu() -> int:
    return min(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0


def _throttle_count(root: Path) -> int | None:
    files = (root / CPU).glob("cpu[0-9]*/thermal_throttle/core_throttle_count")
    counts = [count for count in map(read_count, files) if count is not None]
    return sum(counts) if counts else None
