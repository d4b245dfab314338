"""The tables and charts of committed studies."""

from __future__ import annotations

from docs.tables.committed import ROOT
from host.study.results import read_result
from host.study.table import study_markdown

STUDIES = ROOT / "benchmarks" / "studies" / "results"


def study_tables() -> str:
    """Each committed study: its description, table and charts."""
    parts = []
    for file in sorted(STUDIES.glob("*.json")):
        found = read_result(file)
        about = f"{found.description}\n\n" if found.description else ""
        charts = [f"![{path.stem}](../{path.relative_to(ROOT)})" for path in sorted(STUDIES.glob(f"{file.stem}.*.png"))]
        parts.append("\n\n".join([f"### Study {found.study}", about + study_markdown(found), *charts]))
    return "\n\n".join(parts) or "None yet."
