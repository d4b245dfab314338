"""The table of the models in this repository."""

from __future__ import annotations

import json

from docs.tables.cells import markdown
from docs.tables.committed import ROOT


def model_table() -> str:
    """The committed specs: name, task and description."""
    rows = []
    for file in sorted((ROOT / "models").glob("*/spec.json")):
        spec = json.loads(file.read_text(encoding="utf-8"))
        name = file.parent.name
        rows.append((f"[`{name}`](../models/{name}/spec.json)", f"`{spec['task']}`", spec["description"]))
    return markdown(("model", "task", "what it is"), rows)
