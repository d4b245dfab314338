"""The committed files that tables are made of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from host.errors import CollectError
from host.results import Result, read_document

ROOT = Path(__file__).resolve().parents[2]
CURVES = ROOT / "benchmarks" / "curves"
PICTURE = Path("docs/images/parrot.json")


def evaluations() -> list[Result]:
    """The committed results of `host evaluate`, by model.

    Raises:
        CollectError: one of the files is damaged.
    """
    return list(evaluation_files().values())


def evaluation_files() -> dict[Path, Result]:
    """As `evaluations`, by file, for tables that show the pictures beside each file."""
    files = sorted((ROOT / "benchmarks" / "evaluations").glob("*/*.json"))
    return {file: read_document(Result, file, CollectError) for file in files}


def curve(model: str, name: str) -> dict[str, Any]:
    """A committed comparison of rate and distortion."""
    found: dict[str, Any] = json.loads((CURVES / model / f"{name}.json").read_text(encoding="utf-8"))
    return found
