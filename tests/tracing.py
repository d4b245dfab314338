"""Which modules of host/ and device/ run in a call."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType

ROOT = Path(__file__).resolve().parent.parent
_OPTIMIZED = 1  # the flag of functions' code: bodies of modules and classes, which importing runs, do not have it

# What is on the way of every model, whatever its task: it is handed from one of these modules to the next.
EXPORT_ROOMS = ("host/api.py", "host/tasks/", "host/quantization/", "host/packaging/")
# They decide nothing of the bytes: they find and read the spec, which counts as it is parsed, load TensorFlow, or make
# a network that is not exported.
INNOCENT = (*("host/api.py", "host/tasks/__init__.py", "host/quiet.py", "host/spec/", "host/networks/prior.py"),)


def modules_of(call: Callable[[], object]) -> list[str]:
    """Paths below the repository of the modules whose functions the call runs, sorted."""
    codes: set[CodeType] = set()

    def seen(frame: FrameType, event: str, _: object) -> None:
        codes.add(frame.f_code)

    sys.setprofile(seen)
    try:
        call()
    finally:
        sys.setprofile(None)
    files = {Path(code.co_filename) for code in codes if code.co_flags & _OPTIMIZED}
    ours = (file for file in files if file.is_relative_to(ROOT / "host") or file.is_relative_to(ROOT / "device"))
    return sorted(str(file.relative_to(ROOT)) for file in ours)
