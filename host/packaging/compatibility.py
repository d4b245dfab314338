"""Which runtime at hand runs a file: min_runtime_version in the file does not tell, so every file is opened."""

from __future__ import annotations

from device.errors import SplitliteError
from device.runtime import PREFERENCE, available_runtimes, load_runtime, make_interpreter
from host.errors import ExportError


def compatibility(model: bytes, label: str) -> dict[str, str]:
    """Runtime -> "runs", "fails: why" or "not tried".

    Raises:
        ExportError: no runtime at hand runs the file.
    """
    found = dict.fromkeys(PREFERENCE, "not tried: not installed here")
    for name in available_runtimes():
        try:
            make_interpreter(model, runtime=load_runtime(name)).invoke()
            found[name] = "runs"
        except (SplitliteError, RuntimeError, ValueError) as error:
            found[name] = f"fails: {error}"
    if "runs" not in found.values():
        raise ExportError(f"{label}: no runtime at hand runs it ({'; '.join(f'{k} {v}' for k, v in found.items())})")
    return found
