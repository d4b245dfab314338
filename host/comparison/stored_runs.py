"""Finds a run by its folder, its run.json, or the id of a collected run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from device.run_file import FILE_NAME
from host.errors import CompareError

_ROOT = Path(__file__).resolve().parent.parent.parent
# Collected runs lie below a folder for each device, those measured on this machine do not.
PLACES = (_ROOT / "benchmarks" / "results", _ROOT / "device" / "results")


def find_stored_run(name: str, places: Sequence[Path] = PLACES) -> Path:
    """The folder or run.json that `name` is.

    Args:
        name: a path, or a run id.
        places: folders where runs with that id may be, directly or one folder below.

    Raises:
        CompareError: nothing there.
    """
    path = Path(name)
    if path.is_file() or (path / FILE_NAME).is_file():
        return path
    if path.is_dir():
        raise CompareError(f"{path}: holds no {FILE_NAME}; give the folder of one run, its name is the run's id")
    if name == path.name:
        # Compared with names and not used as a pattern, so that "*" is nobody's id.
        for place in places:
            files = sorted([*place.glob(f"*/{FILE_NAME}"), *place.glob(f"*/*/{FILE_NAME}")])
            for file in files:
                if file.parent.name == name:
                    return file.parent
    raise CompareError(f"{name}: no such run; expected a run's folder, its {FILE_NAME}, or the id of a collected run")
