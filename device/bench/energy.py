"""Energy of encoding, from RAPL (Intel, AMD) or from the power chip of a Raspberry Pi 5.

Neither is exact. RAPL counts the processor package and not the board. The Pi's chip is sampled during encoding, so the
figure includes the cost of sampling. Neither was tried on hardware yet, only against recorded output.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from ..state import read_count, vcgencmd

_POWERCAP = "sys/class/powercap"
_READING = re.compile(r"^\s*(\w+)_([AV])\s+(?:current|volt)\(\d+\)=([0-9.]+)[AV]\s*$", re.MULTILINE)
_PAUSE_S = 0.1


def is_available(root: Path = Path("/")) -> bool:
    """Whether one of the two probes answers here."""
    return bool(read_rapl(root)) or parse_pmic(vcgencmd("pmic_read_adc")) is not None


def measure_energy(encode: Callable[[], object], seconds: float, root: Path = Path("/")) -> dict[str, Any] | None:
    """Encodes for so many seconds and says what that took; `root` is where /sys is, for tests.

    Returns {"source": "rapl" or "pmic", "joules", "encodes", "seconds"}; None where neither probe answers.
    """
    start = read_rapl(root)
    if start:
        encodes, elapsed = _encode_for(encode, seconds)
        joules = rapl_joules(start, read_rapl(root))
        return {"source": "rapl", "joules": joules, "encodes": encodes, "seconds": elapsed}
    if parse_pmic(vcgencmd("pmic_read_adc")) is None:
        return None
    watts: list[float] = []
    done = threading.Event()
    sampler = threading.Thread(target=_sample, args=(watts, done), daemon=True)
    sampler.start()
    encodes, elapsed = _encode_for(encode, seconds)
    done.set()
    sampler.join()
    if not watts:
        return None
    return {"source": "pmic", "joules": sum(watts) / len(watts) * elapsed, "encodes": encodes, "seconds": elapsed}


def read_rapl(root: Path = Path("/")) -> dict[str, tuple[int, int]]:
    """Of each processor package, its counter and the counter's range, in microjoules; empty where unreadable."""
    found = {}
    for folder in sorted((root / _POWERCAP).glob("intel-rapl:?")):
        now, limit = read_count(folder / "energy_uj"), read_count(folder / "max_energy_range_uj")
        if now is not None and limit is not None:
            found[folder.name] = (now, limit)
    return found


def rapl_joules(start: dict[str, tuple[int, int]], end: dict[str, tuple[int, int]]) -> float:
    """Joules between two readings; a counter that has begun anew meanwhile is seen."""
    grown = [(end.get(name, counter)[0] - counter[0], counter[1]) for name, counter in start.items()]
    return sum(more if more >= 0 else more + limit for more, limit in grown) / 1e6


def parse_pmic(text: str) -> float | None:
    """Watts: the sum of volts times amperes over the rails that `vcgencmd pmic_read_adc` gives both of."""
    readings: dict[str, dict[str, float]] = {}
    for rail, kind, value in _READING.findall(text):
        readings.setdefault(rail, {})[kind] = float(value)
    powers = [reading["A"] * reading["V"] for reading in readings.values() if len(reading) == 2]
    return sum(powers) if powers else None


def _encode_for(encode: Callable[[], object], seconds: float) -> tuple[int, float]:
    count = 0
    begin = now = monotonic()
    while now - begin < seconds:
        encode()
        count += 1
        now = monotonic()
    return count, now - begin


def _sample(watts: list[float], done: threading.Event) -> None:
    while not done.is_set():
        power = parse_pmic(vcgencmd("pmic_read_adc"))
        if power is not None:
            watts.append(power)
        sleep(_PAUSE_S)
