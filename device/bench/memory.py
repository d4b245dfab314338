"""Memory of this process. Nothing here raises; a value that cannot be read is absent."""

from __future__ import annotations

import resource
import sys

STATUS = "/proc/self/status"
_FIELDS = {"VmRSS": "rss_bytes", "VmHWM": "peak_rss_bytes"}


def parse_status(text: str) -> dict[str, int]:
    """ "rss_bytes" and "peak_rss_bytes" (since the process began) where the text of /proc/self/status has them."""
    found = {}
    for line in text.splitlines():
        name, _, value = line.partition(":")
        parts = value.split()
        if name in _FIELDS and len(parts) == 2 and parts[0].isdigit() and parts[1] == "kB":
            found[_FIELDS[name]] = int(parts[0]) * 1024
    return found


def read_memory(path: str = STATUS) -> dict[str, int]:
    """ "rss_bytes" and "peak_rss_bytes" of this process; without /proc only the peak, from getrusage."""
    found: dict[str, int] = {}
    try:
        with open(path, encoding="ascii", errors="replace") as stream:
            found = parse_status(stream.read())
    except OSError:
        pass
    if "peak_rss_bytes" not in found:
        # Kilobytes everywhere but on macOS, where it is bytes.
        unit = 1 if sys.platform == "darwin" else 1024
        found["peak_rss_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return found
